"""`cited` fields of rows → what a page says about where a statement comes from."""

from collections.abc import Iterable, Mapping

from catalog.graph.nodes import Citation
from catalog.models import Article


def article_names() -> dict[str, str]:
    """Slug → title with author and year, as far as they are known. One query."""
    return {article.slug: _name(article) for article in Article.objects.all()}


def citations(
    cited: Iterable[Mapping[str, str]], articles: Mapping[str, str]
) -> tuple[Citation, ...]:
    return tuple(
        Citation(article=articles[entry["article"]], note=entry.get("note", ""))
        for entry in cited
        if entry["article"] in articles
    )


def _name(article: Article) -> str:
    origin = ", ".join(str(part) for part in (article.author, article.year) if part)
    return f"{article.title} ({origin})" if origin else article.title
