from django.forms.renderers import TemplatesSetting


class PortalFormRenderer(TemplatesSetting):
    """Draws forms with the portal's own templates. The admin does not use these two: it lays out its fields itself."""

    form_template_name = "portal/form.html"
    field_template_name = "portal/field.html"
