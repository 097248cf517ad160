//! Everything is removed, and nothing of anybody else's.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use bollard::Docker;
use bollard::models::{ContainerCreateBody, NetworkCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    ListNetworksOptions, ListVolumesOptions,
};
use drydock::engine::image::BuildOptions;
use drydock::paths::Paths;
use drydock::store::Store;
use serde_json::{Value, json};

use crate::dockerd::Dockerd;
use crate::home::{Home, Ran, waiting};
use crate::support;
use crate::terminal::Terminal;

/// Everything on an engine: containers, images, networks of somebody's own and volumes.
async fn everything(api: &Docker) -> Vec<String> {
    let containers = ListContainersOptionsBuilder::new().all(true).build();
    let containers = api.list_containers(Some(containers)).await.unwrap();
    let images = ListImagesOptionsBuilder::new().all(true).build();
    let images = api.list_images(Some(images)).await.unwrap();
    let networks = api.list_networks(None::<ListNetworksOptions>).await.unwrap();
    let volumes = api.list_volumes(None::<ListVolumesOptions>).await.unwrap();
    let engines_own = ["bridge", "host", "none"];
    let networks = networks.into_iter().filter_map(|network| network.name);
    let volumes = volumes.volumes.unwrap_or_default();
    let mut all: Vec<_> = containers
        .into_iter()
        .map(|one| format!("container {:?}", one.names))
        .chain(images.into_iter().map(|one| format!("image {:?}", one.repo_tags)))
        .chain(networks.filter(|name| !engines_own.contains(&&**name)))
        .chain(volumes.into_iter().map(|one| one.name))
        .collect();
    all.sort();
    all
}

/// A private network of a home, as an incident makes it.
async fn network(api: &Docker, home: &Home, name: &str) {
    let owner = Paths::under(home.path()).owner();
    let labels =
        [("drydock", "network"), ("drydock.item", "incidents-01"), ("drydock.owner", &owner)];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        internal: Some(true),
        labels: Some(labels.into()),
        ..NetworkCreateRequest::default()
    };
    api.create_network(request).await.unwrap();
}

/// A container that a proof which was killed has left.
async fn left_by_a_proof(api: &Docker, home: &Home, image: &str) {
    let owner = Paths::under(home.path()).owner_of_proofs("docker");
    let labels = HashMap::from([("drydock", "sandbox"), ("drydock.owner", &owner)]);
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some(labels.collect()),
        ..ContainerCreateBody::default()
    };
    api.create_container(None::<CreateContainerOptions>, body).await.unwrap();
}

/// Puts our base image on an engine; its reference.
fn carry_base(home: &Home, test: &str) -> Option<String> {
    let archive = tempfile::NamedTempFile::new().unwrap();
    let reference = waiting(async {
        let engine = support::engine(test).await?;
        let reference = support::image(engine.as_ref(), "base").await;
        let builder = engine.builder().unwrap();
        builder.ensure("base", &BuildOptions::default(), &|_| {}).await.unwrap();
        builder.export(&[&reference], &mut archive.as_file(), &|_| {}).await.unwrap();
        Some(reference)
    })?;
    home.run(&["images", "import", archive.path().to_str().unwrap()]).ends(0);
    Some(reference)
}

/// The names of what a list of the only engine that has one holds.
fn on_docker<'a>(told: &'a Value, what: &str) -> &'a Vec<Value> {
    let engines = told["engines"].as_array().unwrap();
    let docker = engines.iter().find(|engine| engine["engine"] == "docker").unwrap();
    docker[what].as_array().unwrap()
}

/// Whether a process runs: one that has ended and that nobody has asked about has no command line.
fn is_alive(pid: u64) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| !words.is_empty())
}

#[test]
fn nothing_is_left_and_another_home_keeps_what_it_has() {
    const TEST: &str = "uninstall::nothing_is_left";
    let Some(dockerd) = Dockerd::start(TEST) else { return };
    let (host, api) = (dockerd.host(), dockerd.api());
    let (ours, theirs) = (Home::on(&host), Home::on(&host));
    let Some(image) = carry_base(&ours, TEST) else { return };
    ours.run(&["launch", "linux-01", "--detach"]).ends(0);
    theirs.run(&["launch", "linux-01", "--detach"]).ends(0);
    ours.run(&["snapshot", "linux-01", "--name", "mine"]).ends(0);
    theirs.run(&["snapshot", "linux-01", "--name", "theirs"]).ends(0);
    waiting(async {
        network(&api, &ours, "drydock-ours").await;
        network(&api, &theirs, "drydock-theirs").await;
        left_by_a_proof(&api, &ours, &image).await;
    });
    ours.run(&["sync"]).ends(0);
    let size = (100, 30);
    let shell =
        Terminal::start_with(size, ours.path(), &["shell", "linux-01"], &[("DOCKER_HOST", &host)]);
    shell.see("learner@sandbox");
    drop(shell);

    let before = waiting(everything(&api));
    let told = ours.run(&["uninstall", "--dry-run", "--json"]).ends(0).json();
    assert_eq!(on_docker(&told, "sandboxes").len(), 2, "{told}");
    assert_eq!(on_docker(&told, "networks")[0]["name"], "drydock-ours");
    assert!(on_docker(&told, "snapshots").iter().any(|one| one["name"] == "mine"), "{told}");
    assert!(on_docker(&told, "snapshots").iter().all(|one| one["name"] != "theirs"), "{told}");
    let stays = on_docker(&told, "images")[0]["stays"].as_str().unwrap();
    assert!(stays.contains("another drydock home"), "{stays}");
    let holder = told["shells"][0]["pid"].as_u64().unwrap();
    assert!(is_alive(holder));
    ours.run(&["uninstall", "-n"]).ends(0).says("linux-01").says("drydock-ours").says("program");
    assert_eq!(waiting(everything(&api)), before);

    // Progress and completions stay where nobody is asked, and a second run finds no more to do.
    ours.run(&["uninstall", "--yes"])
        .ends(0)
        .says("2 sandboxes, 1 network")
        .says("progress stayed");
    assert!(!is_alive(holder));
    let again = ours.run(&["uninstall", "--json"]).ends(0).json();
    assert_eq!(again["failed"], json!([]));
    for nothing in ["sandboxes", "networks", "snapshots"] {
        assert_eq!(on_docker(&again, nothing).len(), 0, "{again}");
    }
    let data = ours.path().join("data");
    assert!(data.join("progress.db").exists() && data.join("completions/.git").exists());
    let left: Vec<_> =
        fs::read_dir(ours.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["data"]);
    ours.run(&["uninstall", "--yes", "--progress", "--completions"]).ends(0);
    assert!(!ours.path().exists());

    // The other home has what it had.
    let status = theirs.run(&["status", "--json"]).ends(0).json();
    assert_eq!(status["sandboxes"][0]["snapshots"], json!(["theirs"]), "{status}");
    assert_eq!(status["sandboxes"][0]["state"], "running");
    assert!(waiting(everything(&api)).contains(&"drydock-theirs".to_owned()));
    // Somebody's own container is another reason for an image to stay.
    let body = ContainerCreateBody { image: Some(image.clone()), ..ContainerCreateBody::default() };
    let own = waiting(api.create_container(None::<CreateContainerOptions>, body)).unwrap().id;
    let ran = theirs.run(&["uninstall", "--yes", "--progress"]).ends(0);
    ran.says("1 image on the docker engine stayed: the container").says("uses it");
    waiting(api.remove_container(&own, None)).unwrap();
    theirs.run(&["uninstall", "--yes"]).ends(0).says("1 image");
    assert_eq!(waiting(everything(&api)), Vec::<String>::new());
    assert!(!theirs.path().exists());
}

#[test]
fn the_native_engine_leaves_nothing() {
    const TEST: &str = "uninstall::the_native_engine";
    if waiting(support::native(TEST)).is_none() {
        return;
    }
    let home = Home::alone();
    fs::write(home.path().join("config.yaml"), "backend: native\n").unwrap();
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    home.run(&["snapshot", "linux-01", "--name", "mine"]).ends(0);
    // Docker does not answer: nothing is claimed of it, and what can be removed is.
    let ran = home.run(&["uninstall", "--yes", "--progress"]).ends(3);
    ran.complains("What is on the docker engine is not known")
        .complains("/nonexistent/docker.sock");
    ran.complains("help: ");
    ran.says("1 sandbox, 1 snapshot, 1 image");
    assert!(!home.path().exists());
}

#[test]
fn while_another_drydock_is_at_work_nothing_is_removed() {
    let home = Home::alone();
    let database = home.path().join("data/progress.db");
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    let store = Store::open(&database).unwrap();
    home.run(&["config", "set", "theme", "daylight"]).ends(0);
    let error = home.run(&["uninstall", "--json", "--progress"]).ends(3).error();
    assert_eq!(error["kind"], "progress_in_use");
    assert!(database.exists() && home.path().join("config.yaml").exists());
    drop(store);
    home.run(&["uninstall", "--yes", "--progress"]).ends(3);
    assert!(!home.path().exists());
}

#[test]
fn what_is_none_of_ours_stays_and_is_named() {
    let home = Home::alone();
    let user = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HOME", user.path()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        Ran::from(command.output().unwrap())
    };
    let completions = user.path().join(".local/share/bash-completion/completions/drydock");
    fs::create_dir_all(completions.parent().unwrap()).unwrap();
    fs::write(&completions, run(&["completions", "bash"]).ends(0).stdout).unwrap();
    let theirs = user.path().join(".zfunc/_drydock");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "#compdef something else\n").unwrap();
    let pages = user.path().join(".local/share/man/man1");
    run(&["man", pages.to_str().unwrap()]).ends(0);
    fs::write(pages.join("other.1"), ".TH other 1\n").unwrap();
    // A configuration that cannot be read is no reason to keep anything.
    fs::write(home.path().join("config.yaml"), "theme: [\n").unwrap();
    let notes = home.path().join("notes.txt");
    fs::write(&notes, "mine").unwrap();

    let ran = run(&["uninstall", "--yes"]).ends(3);
    ran.says(&format!("none of drydock's: {}", notes.display())).complains("config.yaml");
    assert!(!completions.exists() && theirs.exists() && notes.exists());
    let left: Vec<_> = fs::read_dir(&pages).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["other.1"]);
    assert!(!home.path().join("config.yaml").exists());
}

#[test]
fn on_a_terminal_each_thing_is_asked_about() {
    let home = Home::alone();
    let database = home.path().join("data/progress.db");
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    drop(Store::open(&database).unwrap());
    let host = [("DOCKER_HOST", "unix:///nonexistent/docker.sock")];
    let ask = |answers: &[(&str, &str)]| {
        let mut terminal = Terminal::start_with((120, 40), home.path(), &["uninstall"], &host);
        for (question, answer) in answers {
            terminal.see(question);
            terminal.send(answer);
        }
        terminal.child.wait().unwrap().exit_code()
    };
    assert_eq!(ask(&[("Remove all of this", "n\r")]), 130);
    assert!(database.exists());
    assert_eq!(ask(&[("Remove all of this", "y\r"), ("Remove your progress", "\r")]), 3);
    assert!(database.exists());
    assert_eq!(ask(&[("Remove all of this", "y\r"), ("drydock export -o FILE", "y\r")]), 3);
    assert!(!home.path().exists());
}

#[test]
fn a_removal_that_is_stopped_goes_on_from_there() {
    const TEST: &str = "uninstall::a_removal_that_is_stopped";
    let Some(dockerd) = Dockerd::start(TEST) else { return };
    let home = Home::on(&dockerd.host());
    if carry_base(&home, TEST).is_none() {
        return;
    }
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    home.run(&["snapshot", "linux-01", "--name", "mine"]).ends(0);
    let mut command = home.command(&["uninstall", "--yes", "--progress"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // As soon as it has begun.
    let mut said = String::new();
    let mut errors = std::io::BufReader::new(child.stderr.take().unwrap());
    while !said.contains("Removing the sandbox") {
        assert_ne!(std::io::BufRead::read_line(&mut errors, &mut said).unwrap(), 0, "{said}");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    std::io::Read::read_to_string(&mut errors, &mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("drydock uninstall goes on from there"), "{said}");
    home.run(&["uninstall", "--yes", "--progress"]).ends(0);
    assert_eq!(waiting(everything(&dockerd.api())), Vec::<String>::new());
    assert!(!home.path().exists());
}
