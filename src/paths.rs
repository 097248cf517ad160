//! Where things are kept, by the platform's conventions or under `DRYDOCK_HOME`.
