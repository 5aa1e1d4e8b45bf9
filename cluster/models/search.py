"""What the search reads: an index over the words of each table that is searched, and a list of the words there are."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)

# By table: the columns whose words are searched. A row's code, its names in both languages, what stands on a document.
SEARCHED: dict[str, tuple[str, ...]] = {
    "contract": ("code", "name_ru", "name_en"),
    "factory": ("code", "name_ru", "name_en"),
    "milestone": ("code", "name_ru", "name_en"),
    "source": ("key", "title_ru", "title_en", "publisher", "document"),
    "attachment": ("name", "note"),
    "user": ("username", "first_name", "last_name"),
}
# Words with fewer letters are too near to one another, and a code that is not quite the one meant is another one.
_WORDS = """
INSERT INTO cluster_searchword (word)
SELECT DISTINCT one.word FROM (SELECT DISTINCT {columns} FROM {rows}) AS told,
    unnest(tsvector_to_array(cluster_search_vector({columns}))) AS one (word)
WHERE length(one.word) BETWEEN 4 AND 40 AND one.word !~ '[0-9]'
    AND NOT EXISTS (SELECT FROM cluster_searchword AS known WHERE known.word = one.word)
"""


def search_vector(table: str) -> Func:
    """The words of a row of that table, each as it is written and by its Russian or English stem (a function of the migration)."""
    return Func(*SEARCHED[table], function="cluster_search_vector", output_field=SearchVectorField())


def search_index(table: str) -> GinIndex:
    """The index over the words of that table. PostgreSQL keeps it: no row is written that it does not know."""
    return GinIndex(search_vector(table), name=f"{table}_search")


def searched(table: str) -> Callable[[type[M]], type[M]]:
    """Class decorator: the words of this table are learnt by the statement that writes them, raw SQL included."""
    columns = ", ".join(SEARCHED[table])
    old_and_new: Any = pgtrigger.Referencing(old="before", new="changed")  # type: ignore[no-untyped-call]
    new: Any = pgtrigger.Referencing(new="changed")  # type: ignore[no-untyped-call]
    renamed = f"(SELECT {columns} FROM changed EXCEPT SELECT {columns} FROM before) AS renamed"  # noqa: S608 (our names)
    triggers: list[Any] = [
        pgtrigger.Trigger(
            name=f"search_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            func=f"{_WORDS.format(columns=columns, rows=rows)}; RETURN NULL;",
        )
        for name, operation, referencing, rows in (
            ("insert", pgtrigger.Insert, new, "changed"),
            ("update", pgtrigger.Update, old_and_new, renamed),
        )
    ]
    return pgtrigger.register(*triggers)


class SearchWord(models.Model):
    """A word, or the stem of one, that some searched row has or had: what a word with a slip may have meant.

    It says nothing of who may see it: a correction is told only where the reader finds something by it. Writers never wait for one
    another here, so that a word may stand twice.
    """

    word = models.CharField(_("word"), max_length=40)

    objects: ClassVar[models.Manager["SearchWord"]]

    class Meta:
        verbose_name = _("word of the search")
        verbose_name_plural = _("words of the search")
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["word"], name="search_word"),
            GinIndex(Func("word", function="cluster_search_trigrams", output_field=models.TextField()), name="search_word_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word
