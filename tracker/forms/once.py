"""Forms that make something once, however often their button is pressed."""

from django import forms

from tracker.models.ids import new_public_id


class OnceForm(forms.Form):
    """Carries a key of its own, by which `tracker.views.once` knows a second press."""

    form_key = forms.SlugField(
        required=False, max_length=40, widget=forms.HiddenInput, initial=new_public_id
    )
