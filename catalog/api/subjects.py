"""Subjects in study order."""

from collections import Counter
from dataclasses import dataclass

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import CatalogView, CitationOutput, Slug, citation_outputs, find
from catalog.graph import CatalogGraph, SubjectNode
from mlmath.rest.answers import Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING

SUBJECT = {"slug": ("The subject", "linear-algebra")}


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectOutput(Answer):
    """A field of mathematics, and how many topics it has."""

    slug: Slug
    title: str
    summary: str
    topic_count: int
    citations: list[CitationOutput]


EXAMPLE = SubjectOutput(
    slug="linear-algebra",
    title="Linear algebra",
    summary="Vectors, matrices and what they do to data, up to the singular value decomposition.",
    topic_count=25,
    citations=[
        CitationOutput(
            article="The Math Required for Machine Learning (Harsh Sikka, 2018)",
            note="first of its three subjects for starting from scratch",
        )
    ],
)


def subject_output(graph: CatalogGraph, subject: SubjectNode) -> SubjectOutput:
    counts = Counter(topic.subject.slug for topic in graph.topics)
    return SubjectOutput(
        slug=subject.slug,
        title=subject.title,
        summary=subject.summary,
        topic_count=counts[subject.slug],
        citations=citation_outputs(subject.citations),
    )


class SubjectList(CatalogView):
    @operation(
        id="listSubjects",
        summary="The subjects, in study order",
        is_public=True,
        query=PAGING,
        answer=Page[SubjectOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request, lambda graph: list(graph.subjects.values()), subject_output)


class SubjectDetail(CatalogView):
    @operation(
        id="getSubject",
        summary="One subject",
        is_public=True,
        address=SUBJECT,
        answer=SubjectOutput,
        example=EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.answer(
            request,
            lambda graph: subject_output(graph, find(graph, "subjects", graph.subjects, slug)),
        )
