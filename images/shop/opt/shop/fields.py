"""What a configuration may hold: fields with a type, limits and a default."""


class Refused(Exception):
    """A value that a field does not take; the text is for people."""


class Field:
    kind = "text"

    def __init__(self, default, about):
        self.default, self.about = default, about

    def describe(self):
        return {"type": self.kind, "default": self.default, "about": self.about}

    def check(self, name, value):
        raise NotImplementedError


class Number(Field):
    def __init__(self, default, low, high, about):
        super().__init__(default, about)
        self.low, self.high = low, high
        self.kind = "float" if isinstance(default, float) else "int"

    def describe(self):
        return {**super().describe(), "min": self.low, "max": self.high}

    def check(self, name, value):
        wanted = int if self.kind == "int" else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise Refused(f"{name} takes {'a whole number' if self.kind == 'int' else 'a number'}")
        if not self.low <= value <= self.high:
            raise Refused(f"{name} takes {self.low} to {self.high}, not {value}")
        return value


class Flag(Field):
    kind = "bool"

    def check(self, name, value):
        if not isinstance(value, bool):
            raise Refused(f"{name} takes true or false")
        return value


class Choice(Field):
    def __init__(self, default, choices, about):
        super().__init__(default, about)
        self.choices = choices

    def describe(self):
        return {**super().describe(), "choices": self.choices}

    def check(self, name, value):
        if value not in self.choices:
            words = ", ".join(repr(c) for c in self.choices)
            raise Refused(f"{name} takes one of {words}")
        return value


class Text(Field):
    """A short word or line that `test` (a compiled pattern) matches."""

    def __init__(self, default, test, wanted, about):
        super().__init__(default, about)
        self.test, self.wanted = test, wanted

    def check(self, name, value):
        if not isinstance(value, str) or not self.test.fullmatch(value):
            raise Refused(f"{name} takes {self.wanted}")
        return value


def check_all(fields, values):
    """The values, each of them allowed, or Refused."""
    for name in values:
        if name not in fields:
            raise Refused(f"there is no field {name}; there are {', '.join(fields)}")
    return {name: fields[name].check(name, value) for name, value in values.items()}


def defaults(fields):
    return {name: field.default for name, field in fields.items()}
