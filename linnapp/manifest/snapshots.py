"""A snapshot of a version, read by its shape and by no rule: it stood by the rules of its day, and never changes."""

from itertools import count

from linnapp.manifest.values import (
    MANIFEST_MEMBERS,
    Json,
    Manifest,
    list_member,
    module_by_shape,
    text_member,
    without_fields,
)


def from_snapshot(snapshot: Json) -> Manifest:
    """The manifest a version was made of; never raises. A member that is missing, or of a wrong JSON type, is empty;
    unknown ones are kept in `extra`, names and types of modules as they stand, also such as nobody may save today.

    Modules keep their keys. Readers tell modules apart by them: where one has none, or that of another module, it gets
    one by its place, the same each time.
    """
    members = snapshot if isinstance(snapshot, dict) else {}
    modules = [each for each in list_member(members, "Modules") if isinstance(each, dict)]
    keys = _keys([text_member(each, "key") for each in modules])
    return Manifest(
        modules=tuple(module_by_shape(each, key=key) for each, key in zip(modules, keys, strict=True)),
        permissions=tuple(each for each in list_member(members, "LinnworksPermissions") if isinstance(each, str)),
        script_url=text_member(members, "ScriptUrl"),
        extra=without_fields(members, MANIFEST_MEMBERS),
    )


def _keys(given: list[str]) -> list[str]:
    taken, keys = set(given), dict[str, None]()
    for place, key in enumerate(given):
        kept = key if key and key not in keys else _free(place, taken)
        keys[kept] = None
        taken.add(kept)
    return list(keys)


def _free(place: int, taken: set[str]) -> str:
    return next(key for number in count(place) if (key := f"place {number}") not in taken)
