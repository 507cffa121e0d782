"""What is known of the columns at one place of a statement: which are money, and in which currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

# A number stands for the currency column of one relation, a text for a single currency.
Key = int | str
Columns = list[tuple[str, "Kind"]]


@dataclass(frozen=True)
class Kind:
    """Of a value: the currencies its money is in (empty: no money), or the currency that it names."""

    money: frozenset[Key] = frozenset()
    currency: Key | None = None


PLAIN = Kind()


class Keys:
    """Which currencies are known to be equal."""

    def __init__(self) -> None:
        self._numbers = count()
        self._parent: dict[Key, Key] = {}

    def new(self) -> int:
        """The currency of a column that nothing is known of."""
        return next(self._numbers)

    def single(self) -> str:
        """One currency, whichever it is."""
        return f"?{next(self._numbers)}"

    def find(self, key: Key) -> Key:
        """The same key for all that are equal; a text when it is a single currency."""
        while key in self._parent:
            key = self._parent[key]
        return key

    def equate(self, one: Key, other: Key) -> None:
        a, b = self.find(one), self.find(other)
        if a != b and not (isinstance(a, str) and isinstance(b, str)):
            child, parent = (b, a) if isinstance(a, str) else (a, b)
            self._parent[child] = parent

    def renewed(self, columns: Columns) -> Columns:
        """The same columns as of another reading of the same rows."""
        fresh: dict[Key, Key] = {}

        def new(key: Key) -> Key:
            root = self.find(key)
            return root if isinstance(root, str) else fresh.setdefault(root, self.new())

        return [
            (
                name,
                Kind(
                    frozenset(new(key) for key in kind.money),
                    None if kind.currency is None else new(kind.currency),
                ),
            )
            for name, kind in columns
        ]


@dataclass
class Relation:
    """One entry of FROM. `shared`: columns that USING merged into an earlier relation."""

    alias: str
    columns: Columns
    shared: frozenset[str] = frozenset()

    def get(self, name: str) -> Kind | None:
        return next((kind for column, kind in self.columns if column == name), None)

    def row(self) -> Kind:
        """All of its columns as one value."""
        return Kind(frozenset().union(*(kind.money for _, kind in self.columns)))


@dataclass
class Scope:
    """The relations, aliases and WITH names that an expression sees, then those of `parent`.

    `crossed` is set when a name was found outside of it.
    """

    parent: Scope | None = None
    tables: dict[str, Columns] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    aliases: dict[str, Kind] = field(default_factory=dict)
    crossed: bool = False

    def table(self, name: str) -> Columns | None:
        """The columns of a WITH name."""
        if name in self.tables or self.parent is None:
            return self.tables.get(name)
        return self.parent.table(name)

    def resolve(self, names: list[str]) -> Kind | None:
        """What a column reference stands for; None when this analysis does not know the name."""
        found = self._here(names)
        if found is None and self.parent is not None:
            found = self.parent.resolve(names)
            self.crossed = self.crossed or found is not None
        return found

    def _here(self, names: list[str]) -> Kind | None:
        for position, name in enumerate(names):
            for relation in self.relations:
                if relation.alias == name and position + 1 < len(names):
                    found = relation.get(names[position + 1])
                    if found is not None:
                        return found
        for relation in self.relations:
            found = relation.get(names[0])
            if found is not None:
                return found
        for relation in self.relations:
            if relation.alias == names[0]:
                return relation.row()
        return self.aliases.get(names[0])

    def keys(self, keys: Keys) -> set[Key]:
        """The currencies of the rows of this place itself."""
        return {keys.find(key) for relation in self.relations for key in _keys_of(relation.columns)}

    def outer_keys(self, keys: Keys) -> set[Key]:
        """The currencies of the rows around this place: for the query inside they stand still."""
        if self.parent is None:
            return set()
        return self.parent.keys(keys) | self.parent.outer_keys(keys)


def _keys_of(columns: Columns) -> Iterable[Key]:
    for _, kind in columns:
        yield from kind.money
        if kind.currency is not None:
            yield kind.currency
