"""The people of the demo: who they are, and what each is for. A table only; `manage.py demo` makes them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    name: str
    email: str
    what: str
    account: str = ""
    role: str = ""
    is_support: bool = False
    is_superuser: bool = False


PEOPLE = (
    DemoPerson("Alice", "alice@northwind.example", "Develops applications, Owner", "Northwind", "OWNER"),
    DemoPerson("Bob", "bob@northwind.example", "Developer on her team", "Northwind", "DEVELOPER"),
    DemoPerson("Carol", "carol@carolscakes.example", "Installs applications, Owner", "Carol's Cakes", "OWNER"),
    DemoPerson("Dave", "dave@davesdepot.example", "A stranger to the others", "Dave's Depot", "OWNER"),
    DemoPerson("Sam", "sam@linnapp.example", "Support", is_support=True),
    DemoPerson("Paula", "paula@linnapp.example", "Platform admin", is_superuser=True),
)
