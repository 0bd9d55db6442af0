from typing import Any, ClassVar, cast

from allauth.account import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from linnapp.forms.people import ProfileForm
from linnapp.models import User
from linnapp.pages import signed_in, tell_saved
from linnapp.services import knocks, people
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    # A row of its own: an invalid form leaves what was typed in it, and the page's frame names the person as they are.
    person = User.objects.get(pk=signed_in(request).pk)
    form = ProfileForm(request.POST or None, instance=person)
    if form.is_valid():
        people.edit_person(person, **form.cleaned_data)
        tell_saved(request, form.has_changed())
        return redirect("profile")
    return render(request, "linnapp/people/profile.html", {"form": form}, status=422 if form.is_bound else 200)


class OwnAddress(views.EmailView):
    """allauth's page. Its form counts a new address; what its buttons do about one that is there is counted here."""

    http_method_names: ClassVar[list[str]] = ["get", "head", "post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "action_send" not in request.POST:
            ask_for_fresh_sign_in(request)
        if "action_add" not in request.POST:
            try:
                mailed = request.POST.get("email", "") if "action_send" in request.POST else ""
                knocks.address_change(signed_in(request), mailed)
            except knocks.TooOften as refused:
                return self._too_often(refused)
        return cast(HttpResponse, super().post(request, *args, **kwargs))

    def _too_often(self, refused: knocks.TooOften) -> HttpResponse:
        """The page once more, the sentence beside the button that was pressed."""
        form = self.get_form_class()(user=self.request.user)
        page: HttpResponse = self.render_to_response(
            self.get_context_data(form=form, too_often=refused.message), status=429
        )
        page.headers["Retry-After"] = str(refused.seconds)
        return page
