"""The forms of a page as a browser sees them, and what a person would type into each box."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Box:
    """A field of a form: what kind of box, its value as it stands, and the values that can be chosen in it."""

    name: str
    kind: str
    values: list[str]
    choices: list[str] | None = None
    takes_text: bool = False
    required: bool = False


@dataclass
class Form:
    """A form that is sent by POST: where to, and its boxes."""

    action: str
    key: str = ""
    boxes: dict[str, Box] = field(default_factory=dict)

    def filled(self, usual: dict[str, str]) -> dict[str, list[str]]:
        """What is sent: values that stand there, else the usual ones, by the name of the box or by its kind where one is asked for."""
        sent = {}
        for box in self.boxes.values():
            values = [value for value in box.values if value]
            if (
                not values
                and box.choices is not None
                and (box.required or usual.get(box.name) in box.choices or box.kind in ("submit", "radio"))
            ):
                values = [usual[box.name] if usual.get(box.name) in box.choices else next(filter(None, box.choices), "")]
            if not values and box.choices is None and (box.required or (box.name in usual and box.kind != "hidden")):
                values = [usual.get(box.name, usual.get(box.kind, usual["text"]))]
            sent[box.name] = values
        return sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._box: Box | None = None
        # Which label is read, and whether what it names may stay empty: pages say so in words, for a person.
        self._labelled, self._optional = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("id", ""))
            if given.get("method", "").lower() == "post":
                self.forms.append(self._form)
        elif tag in ("label", "legend"):
            self._labelled = given.get("for", "legend")
        elif tag == "span" and given.get("class") == "optional":
            self._optional.add(self._labelled)
        elif tag == "option" and self._box is not None:
            self._option(given)
        elif tag in ("input", "textarea", "select", "button") and given.get("name"):
            self._add(tag, given)

    def _add(self, tag: str, given: dict[str, str]) -> None:
        form = next((one for one in self.forms if one.key == given["form"]), None) if "form" in given else self._form
        if form is None or "disabled" in given:
            return
        name, kind = given["name"], given.get("type", "text") if tag in ("input", "button") else tag
        takes_text = "inputmode" not in given and kind in ("text", "textarea", "search")
        box = form.boxes.setdefault(name, Box(name, kind, [], takes_text=takes_text, required=self._required(kind, given)))
        if kind in ("checkbox", "radio"):
            box.choices = [*(box.choices or []), given.get("value", "on")]
            if "checked" in given:
                box.values.append(given.get("value", "on"))
        elif kind == "submit" or tag == "button":
            box.choices = [*(box.choices or []), given.get("value", "")]
        elif tag == "select":
            box.choices, self._box = [], box
        elif tag == "textarea":
            self._box = box
        else:
            box.values.append(given.get("value", ""))

    def _required(self, kind: str, given: dict[str, str]) -> bool:
        return kind not in ("hidden", "checkbox") and "legend" not in self._optional and given.get("id") not in self._optional

    def _option(self, given: dict[str, str]) -> None:
        assert self._box is not None
        assert self._box.choices is not None
        self._box.choices.append(given.get("value", ""))
        if "selected" in given:
            self._box.values.append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._box is not None and self._box.kind == "textarea" and data.strip():
            self._box.values.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._box = None
        elif tag == "form":
            self._form = None
        elif tag == "fieldset":
            self._optional.discard("legend")


def forms_of(response: Any) -> list[Form]:
    """The forms of a page that write."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return [form for form in reader.forms if form.boxes]
