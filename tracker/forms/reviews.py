"""How many reviews a day."""

from django import forms

from tracker.models.people import MOST_REVIEWS_PER_DAY


class ReviewsForm(forms.Form):
    """How many topics a day somebody wants to be asked about; none at all with 0."""

    reviews_per_day = forms.IntegerField(
        label="At most how many topics a day?", min_value=0, max_value=MOST_REVIEWS_PER_DAY
    )
