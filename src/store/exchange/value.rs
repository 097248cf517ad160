//! The values of a line: what of them is taken in, and how each is kept in a column.
//!
//! A file of progress may come from anybody, so each value has an end to its size and a range that
//! nothing that counts or sums it can overflow.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::store::activity::QUARTER_HOUR_SECONDS;
use crate::store::value::{At, Length};

/// The earliest and the latest moment that is taken in, in years: outside of them a clock was wrong, or
/// somebody means harm.
const YEARS: std::ops::Range<i16> = 1970..2200;

/// The longest time that is taken in: ten years. Millions of them can be added up.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// Makes a text with an end to its size.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $fits:expr, $must:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(D::Error::custom($must)) }
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                String::column_result(value).map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }
    };
}

text!(
    /// A name: of an item, a check, an engine.
    Word,
    |text| !text.is_empty() && text.len() <= 1024 && !text.chars().any(char::is_control),
    "a name is one line of 1 to 1024 bytes without control characters"
);
text!(
    /// What may be unknown, and is empty then.
    Label,
    |text| text.len() <= 1024 && !text.chars().any(char::is_control),
    "this is one line of at most 1024 bytes without control characters"
);
text!(
    /// What was typed or said: it may hold anything.
    Text,
    |text| text.len() <= 4 << 10,
    "this is a text of at most 4096 bytes"
);
text!(
    /// A report: it may hold anything.
    Long,
    |text| text.len() <= 1 << 20,
    "this is a text of at most 1 MiB"
);
text!(
    /// JSON of its owner's, which nobody else looks into.
    Json,
    |text| text.len() <= 8 << 20 && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
    "this is JSON as a text, of at most 8 MiB"
);

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let moment: Option<Timestamp> = text.parse().ok();
        moment
            .filter(|at| YEARS.contains(&at.to_zoned(jiff::tz::TimeZone::UTC).year()))
            .and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok())
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom("a moment is written 2026-03-04T10:00:00.25Z, from 1970 to 2199")
            })
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        At::column_result(value).map(|at| Self(at.0))
    }
}

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

/// A length of time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spell(pub Duration);

impl Serialize for Spell {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX))
    }
}

impl<'de> Deserialize<'de> for Spell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let length = Duration::from_millis(u64::deserialize(from)?);
        if length <= LONGEST {
            Ok(Self(length))
        } else {
            Err(D::Error::custom("a length of time is at most ten years, in milliseconds"))
        }
    }
}

impl FromSql for Spell {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Length::column_result(value).map(|length| Self(length.0))
    }
}

impl ToSql for Spell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX).into())
    }
}

/// A number that counts something, or that says which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Number(pub i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// Far from where the next number would overflow.
        const MOST: i64 = 1 << 53;
        match i64::deserialize(from)? {
            number @ 0..=MOST => Ok(Self(number)),
            _ => Err(D::Error::custom("a number is from 0 to 2^53")),
        }
    }
}

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Names, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Names(pub Vec<Word>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names = Vec::deserialize(from)?;
        if names.len() <= 1000 {
            Ok(Self(names))
        } else {
            Err(D::Error::custom("there are at most 1000 names"))
        }
    }
}

impl FromSql for Names {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map_err(FromSqlError::other)
    }
}

impl ToSql for Names {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let names = serde_json::to_string(&self.0);
        names.map(Into::into).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
    }
}

/// A quarter of an hour: told as the moment it begins at, kept as which one it is since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter(i64);

impl Serialize for Quarter {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let begins = Timestamp::from_second(self.0.saturating_mul(QUARTER_HOUR_SECONDS));
        to.collect_str(&begins.map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Quarter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let at = Moment::deserialize(from)?.0;
        if at.as_millisecond() % (QUARTER_HOUR_SECONDS * 1000) == 0 {
            Ok(Self(at.as_second() / QUARTER_HOUR_SECONDS))
        } else {
            Err(D::Error::custom("activity is told by quarters of an hour"))
        }
    }
}

impl FromSql for Quarter {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for Quarter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}
