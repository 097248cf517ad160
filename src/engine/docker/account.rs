//! The account inside an image that shells and checks use.

use crate::engine::image;

/// An account as the image's `/etc/passwd` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The name, or the number where the image gives it none.
    pub(super) name: String,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) home: String,
}

impl Account {
    /// The account `name` in `image`, where that is known without looking inside: root is the same
    /// everywhere, and our own images all have the same learner (the contract suite holds them to it).
    pub(super) fn well_known(name: &str, image: &str) -> Option<Self> {
        match name {
            "root" => Some(Self::new("root", 0, 0, "/root")),
            image::USER if image::is_ours(image) => {
                Some(Self::new(image::USER, image::USER_ID, image::USER_ID, image::USER_HOME))
            }
            _ => None,
        }
    }

    /// Finds `user` in the text of a passwd file. It has the form of a Dockerfile's `USER`: a name or
    /// number, perhaps `:group`; a number needs no entry, a name does.
    pub(super) fn find(user: &str, passwd: &str) -> Option<Self> {
        let user = if user.is_empty() { "root" } else { user };
        let (user, group) = match user.split_once(':') {
            Some((user, group)) => (user, group.parse().ok()),
            None => (user, None),
        };
        let number: Option<u64> = user.parse().ok();
        let entry = passwd.lines().filter_map(Self::entry).find(|entry| match number {
            Some(uid) => entry.uid == uid,
            None => entry.name == user,
        });
        let account = entry.or_else(|| number.map(|uid| Self::new(user, uid, 0, "/")))?;
        Some(Self { gid: group.unwrap_or(account.gid), ..account })
    }

    fn entry(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1)?;
        Some(Self::new(name, uid, gid, if home.starts_with('/') { home } else { "/" }))
    }

    fn new(name: &str, uid: u64, gid: u64, home: &str) -> Self {
        Self { name: name.to_owned(), uid, gid, home: home.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          broken line\n\
                          app:x:200:300::/srv/app:/bin/sh\n\
                          homeless:x:7:7::nowhere:/bin/sh\n";

    #[test]
    fn accounts_are_found_by_name_and_number() {
        let app = Account::new("app", 200, 300, "/srv/app");
        assert_eq!(Account::find("app", PASSWD), Some(app.clone()));
        assert_eq!(Account::find("200", PASSWD), Some(app.clone()));
        assert_eq!(Account::find("app:5", PASSWD), Some(Account { gid: 5, ..app }));
        assert_eq!(Account::find("", PASSWD).unwrap().uid, 0);
        assert_eq!(Account::find("homeless", PASSWD).unwrap().home, "/");
    }

    #[test]
    fn only_numbers_need_no_entry() {
        assert_eq!(Account::find("4711", PASSWD), Some(Account::new("4711", 4711, 0, "/")));
        assert_eq!(Account::find("learner", PASSWD), None);
        assert_eq!(Account::find("broken line", PASSWD), None);
    }

    #[test]
    fn foreign_images_must_be_looked_into() {
        assert!(Account::well_known("learner", "drydock/base:0123456789ab").is_some());
        assert_eq!(Account::well_known("learner", "debian:bookworm"), None);
        assert_eq!(Account::well_known("app", "drydock/base:0123456789ab"), None);
    }
}
