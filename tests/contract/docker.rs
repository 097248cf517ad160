//! What only a Docker engine has: ways to reach it, networks and volumes, images that are built.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bollard::models::{ContainerCreateBody, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptions, ListImagesOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use drydock::engine::docker::{Docker, Environment};
use drydock::engine::image::BuildOptions;
use drydock::engine::{Engine, EngineError, SandboxId, ShellSpec, Size, SnapshotSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::systems::{IDLE, System};
use super::{Lab, within};

/// The socket behind the engine under test; its other kinds are reached through it.
async fn socket(lab: &Lab) -> PathBuf {
    let endpoint = lab.engine.info().await.unwrap().endpoint;
    PathBuf::from(endpoint.strip_prefix("unix://").expect("an engine on this machine"))
}

/// An engine at `address`, with more variables.
fn engine_at(address: &str, variables: &[(&str, &str)]) -> Arc<dyn Engine> {
    let path = std::env::var("PATH").unwrap();
    let mut environment =
        Environment::new([("DOCKER_HOST", address), ("PATH", path.as_str())], None);
    for (name, value) in variables {
        environment = environment.with_var(*name, *value);
    }
    Arc::new(Docker::connect(&environment, false).unwrap())
}

/// A bollard client of the test's own, to look behind drydock's back.
async fn behind(lab: &Lab) -> bollard::Docker {
    let path = socket(lab).await;
    let path = path.to_str().unwrap();
    bollard::Docker::connect_with_unix(path, 60, bollard::API_DEFAULT_VERSION).unwrap()
}

/// Passes connections on to the engine until it is dropped, which cuts them all.
struct Proxy(#[expect(dead_code, reason = "what it runs ends with it")] JoinSet<()>);

impl Proxy {
    fn start(path: &Path, engine: PathBuf) -> Self {
        let _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let engine = engine.clone();
                connections.spawn(async move {
                    let mut engine = UnixStream::connect(engine).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut engine).await;
                });
            }
        });
        Self(tasks)
    }
}

pub(crate) async fn a_broken_connection_is_told_and_mended(lab: Lab) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let socket = socket(&lab).await;
    let proxy = Proxy::start(&path, socket.clone());
    let engine = engine_at(&format!("unix://{}", path.display()), &[]);
    let lab = lab.on(engine);
    let sandbox = lab.sandbox().await;
    let spec = ShellSpec { size: Size { cols: 80, rows: 24 }, user: None };
    let mut shell = lab.engine.shell(&sandbox.id, &spec).await.unwrap();

    drop(proxy);
    let mut rest = Vec::new();
    let _ = within(shell.output.read_to_end(&mut rest)).await;
    // The first to ask may find a connection that was still good a moment ago.
    let error = shell.control.status().await.unwrap_err();
    let told = matches!(error, EngineError::NotRunning { .. } | EngineError::ConnectionLost { .. });
    assert!(told, "{error:?}");
    let not_running = async || {
        matches!(lab.engine.inspect(&sandbox.id).await, Err(EngineError::NotRunning { .. }))
    };
    within(async { while !not_running().await {} }).await;

    let _proxy = Proxy::start(&path, socket);
    assert_eq!(lab.said(&sandbox.id, "echo back").await, "back");
    // The old shell still runs: what is left of it can be ended.
    shell.control.hang_up().await.unwrap();
    assert!(shell.control.status().await.unwrap().is_some());
}

pub(crate) async fn a_connection_that_breaks_in_a_question_is_lost(_: Lab) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let engine = engine_at(&format!("unix://{}", path.display()), &[]);
    // Good enough for the ping, then gone.
    let answer = async {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            while let Ok(length @ 1..) = client.read(&mut request).await {
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                if !text.starts_with("GET /_ping") {
                    return text;
                }
                let pong = b"HTTP/1.1 200 OK\r\nApi-Version: 1.30\r\nContent-Length: 2\r\n\r\nOK";
                client.write_all(pong).await.unwrap();
            }
        }
    };
    let (error, request) = within(async { tokio::join!(engine.list(None), answer) }).await;
    assert!(matches!(error, Err(EngineError::ConnectionLost { .. })), "{error:?}");
    // An older engine is asked in its own version.
    assert!(request.starts_with("GET /v1.30/containers/json"), "{request}");
}

pub(crate) async fn what_does_not_answer_as_an_engine_is_not_running(_: Lab) {
    let folder = tempfile::tempdir().unwrap();
    let silent = folder.path().join("silent.sock");
    let _silent = UnixListener::bind(&silent).unwrap();
    let other = folder.path().join("other.sock");
    let listener = UnixListener::bind(&other).unwrap();
    let answer = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let _ = client.read(&mut vec![0; 4096]).await.unwrap();
        client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        client
    });
    for (path, words) in [(silent, "no answer within"), (other, "not a Docker engine")] {
        let engine = engine_at(&format!("unix://{}", path.display()), &[]);
        let error = within(engine.info()).await.unwrap_err();
        assert!(
            matches!(&error, EngineError::NotRunning { detail, .. } if detail.contains(words)),
            "{error:?}"
        );
    }
    drop(answer);
}

pub(crate) async fn an_engine_behind_ssh_is_reached(lab: Lab) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(path) = std::env::var("PATH") else { return };
    let socket = socket(&lab).await;
    // What ssh would do, without a second machine: the remote end of `dial-stdio`.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("ssh");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *'-p 2222 -- ann@box docker system dial-stdio') ;; *) exit 9;; esac\n\
         export DOCKER_HOST=unix://{}\nexec docker system dial-stdio\n",
        socket.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{path}", folder.path().display());
    let engine = engine_at("ssh://ann@box:2222", &[("PATH", &path)]);
    let lab = lab.on(engine);
    let sandbox = lab.sandbox().await;
    super::exec::a_megabyte_goes_through_unharmed(lab.clone()).await;
    assert_eq!(lab.said(&sandbox.id, "echo there").await, "there");

    std::fs::write(
        &program,
        "#!/bin/sh\necho 'ann@box: Permission denied (publickey).' >&2; exit 255\n",
    )
    .unwrap();
    let engine = engine_at("ssh://ann@box:2222", &[("PATH", &path)]);
    let error = within(engine.info()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::NotRunning { detail, .. } if detail.contains("publickey")),
        "{error:?}"
    );
}

pub(crate) async fn an_engine_behind_tls_is_reached(lab: Lab) {
    let folder = tempfile::tempdir().unwrap();
    let socket = socket(&lab).await;
    let port = tls::serve(folder.path(), socket).await;
    let address = format!("tcp://localhost:{port}");
    let certificates = folder.path().to_str().unwrap();
    let variables = [("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", certificates)];
    let lab = lab.on(engine_at(&address, &variables));
    super::exec::outputs_are_apart_and_the_status_is_told(lab.clone()).await;
    super::exec::a_megabyte_goes_through_unharmed(lab.clone()).await;

    // Its certificate is for another name, ours is missing, or nobody speaks TLS.
    let by_number = format!("tcp://127.0.0.1:{port}");
    let error = within(engine_at(&by_number, &variables).info()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::NotRunning { detail, .. } if detail.contains("TLS")),
        "{error:?}"
    );
    let error = within(engine_at(&address, &[]).info()).await.unwrap_err();
    assert!(
        matches!(error, EngineError::NotRunning { .. } | EngineError::ConnectionLost { .. }),
        "{error:?}"
    );
    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    let error = within(engine_at(&address, &variables).info()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Configuration { detail } if detail.contains("ca.pem")),
        "{error:?}"
    );
}

pub(crate) async fn what_an_attempt_made_goes_with_its_sandbox(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let behind = behind(&lab).await;
    let labels = HashMap::from([("drydock.attempt".to_owned(), sandbox.attempt.clone())]);
    let name = format!("drydock-test-{}", sandbox.attempt);
    let network = NetworkCreateRequest {
        name: name.clone(),
        labels: Some(labels.clone()),
        ..NetworkCreateRequest::default()
    };
    behind.create_network(network).await.unwrap();
    let volume = VolumeCreateRequest {
        name: Some(name.clone()),
        labels: Some(labels),
        ..VolumeCreateRequest::default()
    };
    behind.create_volume(volume).await.unwrap();
    lab.engine.destroy(&sandbox.id).await.unwrap();
    assert!(behind.inspect_network(&name, None).await.is_err());
    assert!(behind.inspect_volume(&name).await.is_err());
}

pub(crate) async fn a_dead_container_keeps_no_network(lab: Lab) {
    let mut system = System::new(&lab).await.unwrap();
    let stopped = system.start("stopped", &["true"]).await;
    let held = system.start("held", IDLE).await;
    let systems = lab.engine.systems().unwrap();
    // One that runs does keep it.
    let error = systems.remove_network(&system.network).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    systems.pause(&held.id).await.unwrap();
    systems.remove_network(&system.network).await.unwrap_err();
    systems.resume(&held.id).await.unwrap();
    // And is still on it.
    assert!(lab.said(&held.id, "cat /sys/class/net/*/operstate").await.contains("up"));
    systems.stop(&held.id).await.unwrap();
    systems.remove_network(&system.network).await.unwrap();
    assert!(behind(&lab).await.inspect_network(&system.network, None).await.is_err());
    for machine in [stopped, held] {
        lab.engine.destroy(&machine.id).await.unwrap();
    }
}

pub(crate) async fn nothing_of_the_host_is_in_a_sandbox(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let found = behind(&lab).await.inspect_container(&sandbox.id.0, None).await.unwrap();
    assert!(found.mounts.unwrap_or_default().is_empty());
    let labels = found.config.unwrap().labels.unwrap();
    assert_eq!(labels["drydock"], "sandbox");
    assert!(found.name.unwrap().starts_with("/drydock-contract-"));
    let capabilities = lab.said(&sandbox.id, "grep CapBnd /proc/self/status").await;
    // CHOWN … AUDIT_WRITE, as capsh decodes it; neither NET_RAW nor MKNOD, and never SYS_ADMIN.
    assert_eq!(capabilities.split_whitespace().last(), Some("00000000200405fb"));
}

pub(crate) async fn a_container_of_somebody_else_is_not_ours(lab: Lab) {
    let behind = behind(&lab).await;
    let image = Some(lab.spec().await.image);
    let body = ContainerCreateBody { image, ..ContainerCreateBody::default() };
    let made = behind.create_container(None::<CreateContainerOptions>, body).await;
    let id = made.unwrap().id;
    let error = lab.engine.destroy(&drydock::engine::SandboxId(id.clone())).await.unwrap_err();
    let there = behind.inspect_container(&id, None).await.is_ok();
    behind.remove_container(&id, None).await.unwrap();
    assert!(there && matches!(error, EngineError::Refused { .. }), "{error:?}");
}

pub(crate) async fn snapshots_leave_no_image_behind(lab: Lab) {
    let behind = behind(&lab).await;
    let images = async || {
        let labels = vec![format!("drydock.owner={}", lab.owner)];
        let filters = HashMap::from([("label", labels)]);
        let options = ListImagesOptionsBuilder::new().all(true).filters(&filters).build();
        behind.list_images(Some(options)).await.unwrap()
    };
    let keep = async |id: &SandboxId, name: &str| {
        let spec = SnapshotSpec { name: name.to_owned(), note: String::new() };
        lab.engine.snapshot(id, &spec).await.unwrap();
    };
    // One that another stands on, and that is forgotten.
    let sandbox = lab.sandbox().await;
    keep(&sandbox.id, "one").await;
    let found = images().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].labels["drydock"], "snapshot");
    let made = lab.engine.rewind(&sandbox.id, "one").await.unwrap();
    lab.engine.start(&made.id).await.unwrap();
    keep(&made.id, "two").await;
    lab.engine.remove_snapshot(&made.id, "one").await.unwrap();
    lab.engine.destroy(&sandbox.id).await.unwrap();
    lab.engine.destroy(&made.id).await.unwrap();
    assert!(images().await.is_empty());

    // One that the engine is still making when who asked for it was killed.
    let sandbox = lab.sandbox().await;
    let spec = SnapshotSpec { name: "one".to_owned(), note: String::new() };
    let asked = lab.engine.snapshot(&sandbox.id, &spec);
    let announced = async || {
        let filters = HashMap::from([("reference", vec!["drydock-announced"])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = behind.list_images(Some(options)).await.unwrap();
        let attempt = sandbox.attempt.replace('-', "");
        found.iter().flat_map(|image| &image.repo_tags).any(|tag| tag.contains(&attempt))
    };
    tokio::select! {
        taken = asked => drop(taken.unwrap()),
        () = within(async { while !announced().await {} }) => {}
    }
    lab.engine.destroy(&sandbox.id).await.unwrap();
    assert!(!announced().await && images().await.is_empty());

    // One whose sandbox was removed behind our back goes with the owner's next.
    let (lost, other) = (lab.sandbox().await, lab.sandbox().await);
    keep(&lost.id, "one").await;
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    behind.remove_container(&lost.id.0, Some(options)).await.unwrap();
    assert_eq!(images().await.len(), 1);
    lab.engine.destroy(&other.id).await.unwrap();
    assert!(images().await.is_empty());
}

pub(crate) async fn a_cancelled_build_leaves_what_was_there(lab: Lab) {
    let reference = lab.spec().await.image;
    let _alone = crate::support::build_lock().await;
    let behind = behind(&lab).await;
    let before = behind.inspect_image(&reference).await.unwrap().id;
    let images = lab.engine.builder().unwrap();
    let (told, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let afresh = BuildOptions { force: true, ..BuildOptions::default() };
    let progress = move |step: drydock::engine::Step| drop(told.send(step));
    let work = images.ensure("base", &afresh, &progress);
    let inside_a_step = async {
        while let Some(step) = hear.recv().await {
            if step.step.contains("RUN") || step.step.contains("package") {
                break;
            }
        }
    };
    tokio::select! {
        built = work => panic!("it went through: {built:?}"),
        () = within(inside_a_step) => {}
    }
    assert_eq!(behind.inspect_image(&reference).await.unwrap().id, before);
    // The step that was at work ends with it.
    let at_work = async || {
        let running = behind.list_containers(None::<ListContainersOptions>).await.unwrap();
        running.iter().any(|one| one.command.as_deref().unwrap_or_default().contains("install.sh"))
    };
    within(async { while at_work().await {} }).await;
}

pub(crate) async fn images_are_told_and_made_only_when_they_may_be(lab: Lab) {
    let reference = lab.spec().await.image;
    let images = lab.engine.builder().unwrap();
    assert!(images.present(&reference).await.unwrap());
    assert!(!images.present("drydock/base:nonexistent").await.unwrap());
    let list = images.list().await.unwrap();
    let base = list.iter().find(|image| image.reference == reference).unwrap();
    assert!(base.present && base.current && base.size.unwrap() > 10_000_000, "{base:?}");

    // It is there: neither a build nor the network is needed.
    let offline = BuildOptions { offline: true, ..BuildOptions::default() };
    assert_eq!(images.ensure("base", &offline, &|_| panic!("work")).await.unwrap(), reference);
    let afresh = BuildOptions { force: true, ..offline };
    let error = images.ensure("base", &afresh, &|_| {}).await.unwrap_err();
    assert!(matches!(error, EngineError::Offline { .. }), "{error:?}");
    let error = images.ensure("nonexistent", &afresh, &|_| {}).await.unwrap_err();
    assert!(matches!(error, EngineError::ImageMissing { .. }), "{error:?}");
    let error = images.pull("localhost:1/nothing:here", &|_| {}).await.unwrap_err();
    assert!(matches!(error, EngineError::ImageMissing { .. }), "{error:?}");
    let foreign = BuildOptions {
        base: Some("localhost:1/nothing:here".to_owned()),
        force: true,
        ..BuildOptions::default()
    };
    let error = images.ensure("base", &foreign, &|_| {}).await.unwrap_err();
    assert!(matches!(error, EngineError::ImageMissing { .. }), "{error:?}");
}

/// A TLS server in front of the engine, with an authority of its own.
mod tls {
    use super::{Path, PathBuf, TcpListener, UnixStream, copy_bidirectional};
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls_pki_types::PrivateKeyDer;
    use std::sync::Arc;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::server::WebPkiClientVerifier;
    use tokio_rustls::rustls::{RootCertStore, ServerConfig};

    /// Writes the client's three files and serves; the port.
    pub(super) async fn serve(folder: &Path, engine: PathBuf) -> u16 {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new([name.to_owned()]).unwrap();
            (certificate.signed_by(&key, &authority).unwrap(), key)
        };
        let (server, server_key) = issue("localhost");
        let (client, client_key) = issue("client");
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
        write("ca.pem", authority.pem());
        write("cert.pem", client.pem());
        write("key.pem", client_key.serialize_pem());

        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .unwrap();
        let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![server.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, engine) = (acceptor.clone(), engine.clone());
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let mut engine = UnixStream::connect(engine).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut engine).await;
                });
            }
        });
        port
    }
}
