//! What every command and the full-screen program start from: where things are, the configuration,
//! the content, and how to get at the engine and the store.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use crate::author;
use crate::config::{Config, Switch};
use crate::course::{self, Catalogue, Item, Source, index};
use crate::engine::choice::{self, Chosen, Wanted};
use crate::engine::docker::Environment;
use crate::engine::native::Native;
use crate::engine::{Engine, EngineError, Limits, SandboxId, image};
use crate::incident::incidents::Incidents;
use crate::lab::{Lab, SharedStore};
use crate::pack::consent::Sheet;
use crate::pack::install::Packs;
use crate::pack::signature::Key;
use crate::paths::Paths;
use crate::platform::files;
use crate::problem::{Exit, Problem};
use crate::session::recording::folder;
use crate::session::{Launcher, Place, Shells};
use crate::store::{Attempt, Store};
use crate::sync;

/// Everything a command starts from. Making one reads the configuration; it reads no content, asks no
/// engine and opens no database.
pub struct Context {
    /// Where things are kept.
    pub paths: Paths,
    /// The configuration.
    pub config: Config,
    /// Whether there was no configuration file.
    pub first_start: bool,
    /// Whether the network may not be used.
    pub offline: bool,
    /// Where content is read from.
    sources: Vec<Source>,
    /// What there is to practise, once it was read.
    course: OnceLock<Arc<Catalogue>>,
    /// The folders laid over the built-in content besides the configured ones, with absolute paths.
    content: Vec<PathBuf>,
    /// The engine that is used, once that was decided.
    chosen: Mutex<Option<Arc<Chosen>>>,
}

impl Context {
    /// Reads the configuration. `content` are folders laid over the built-in content, after the
    /// configured ones; all of them must be there.
    pub fn load(content: &[PathBuf], offline: bool) -> Result<Self, Problem> {
        Self::at(Paths::find()?, content, offline)
    }

    /// The same for these places.
    pub fn at(paths: Paths, content: &[PathBuf], offline: bool) -> Result<Self, Problem> {
        let first_start = !paths.config_file.exists();
        let config = Config::load(&paths.config_file)?;
        let sources = sources(&config, &paths, content)?;
        let offline = offline || config.offline;
        let chosen = Mutex::default();
        let absolute = |folder: &PathBuf| std::path::absolute(folder).unwrap_or(folder.clone());
        let content = content.iter().map(absolute).collect();
        let course = OnceLock::new();
        Ok(Self { paths, config, first_start, offline, sources, course, content, chosen })
    }

    /// What there is to practise. It is read when it is asked for first.
    pub fn course(&self) -> &Arc<Catalogue> {
        self.course.get_or_init(|| Arc::new(course::load(&self.sources)))
    }

    /// What a first frame can be drawn from at once: the course where it was read or is built in, else
    /// as the index knows it; nothing is in it where there is no index either. Whether it was read is told
    /// by [`Context::has_read`].
    pub fn glimpse(&self) -> Arc<Catalogue> {
        if self.sources.iter().all(Source::is_built_in) || self.has_read() {
            return Arc::clone(self.course());
        }
        let index = fs::read(self.paths.index()).unwrap_or_default();
        Arc::new(index::read(&index, &self.sources).unwrap_or_default())
    }

    /// Whether what there is to practise was read.
    pub fn has_read(&self) -> bool {
        self.course.get().is_some()
    }

    /// Keeps the index of what was read for the next start.
    pub fn keep_index(&self) {
        let Some(index) = index::write(self.course(), &self.sources) else { return };
        let path = self.paths.index();
        if fs::read(&path).is_ok_and(|kept| kept == index) {
            return;
        }
        // Without one, the next start draws later: nothing else.
        let kept = self.paths.make(&self.paths.cache_dir).map_err(io::Error::other);
        let kept = kept.and_then(|()| {
            let mut file = NamedTempFile::new_in(&self.paths.cache_dir)?;
            file.write_all(&index)?;
            file.persist(&path)?;
            Ok(())
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "the index of the content was not kept");
        }
    }

    /// The folder of content that somebody may write in: the one laid over all others.
    pub fn content_to_write(&self) -> Option<PathBuf> {
        self.content_folders().pop()
    }

    /// A folder of content, to be written in, over everything else there is.
    pub fn folder_to_write(&self, folder: &Path) -> Result<author::Folder, Problem> {
        let real = |path: &Path| files::real(path).ok();
        let mut below = vec![Source::built_in()];
        for other in self.content_folders() {
            if real(&other) != real(folder) {
                below.push(Source::folder(&other)?);
            }
        }
        Ok(author::Folder::open(folder, below, image::ours())?)
    }

    /// The folders laid over the built-in content, in their order.
    fn content_folders(&self) -> Vec<PathBuf> {
        let mut all = self.config.content_folders(&self.paths.config_file);
        all.extend(self.content.iter().cloned());
        all
    }

    /// Opens the progress database, making it on the first use.
    pub fn store(&self) -> Result<Store, Problem> {
        self.paths.make(&self.paths.data_dir)?;
        Ok(Store::open(&self.paths.database)?)
    }

    /// The engine that is used. With `backend: auto` this asks which one answers, the first time.
    pub async fn engine(&self) -> Result<Arc<Chosen>, EngineError> {
        let mut chosen = self.chosen.lock().await;
        if let Some(chosen) = &*chosen {
            return Ok(Arc::clone(chosen));
        }
        let found = choose(self.config.backend.wanted(), &self.paths, self.offline).await?;
        *chosen = Some(Arc::clone(&found));
        Ok(found)
    }

    /// The same, looked for anew: one may have been started or stopped meanwhile.
    pub async fn engine_again(&self) -> Result<Arc<Chosen>, EngineError> {
        *self.chosen.lock().await = None;
        self.engine().await
    }

    /// The lab on the engine that is used.
    pub async fn lab(&self, store: SharedStore) -> Result<Lab, Problem> {
        self.lab_on(self.engine().await?, store)
    }

    /// The lab on this engine.
    pub fn lab_on(&self, engine: Arc<Chosen>, store: SharedStore) -> Result<Lab, Problem> {
        Ok(Lab {
            engine,
            store,
            owner: self.paths.owner(),
            offline: self.offline,
            limits: self.limits(),
            shells: self.shells()?,
        })
    }

    /// A lab to prove with on each engine that works, or on one only: with an owner of its own, and a
    /// store in `folder`, so that it leaves the learner's sandboxes and progress alone.
    pub async fn labs_to_prove(
        &self,
        only: Option<Wanted>,
        folder: &Path,
    ) -> Result<Vec<Lab>, Problem> {
        let (mut labs, mut trouble) = (Vec::new(), None);
        for wanted in [Wanted::Docker, Wanted::Native] {
            if only.is_some_and(|only| only != wanted) {
                continue;
            }
            let chosen = async {
                let chosen = choose(wanted, &self.paths, true).await?;
                chosen.info().await.map(|_| chosen)
            };
            let engine = match chosen.await {
                Ok(engine) => engine,
                Err(error) => {
                    trouble.get_or_insert(error);
                    continue;
                }
            };
            let store = Store::open(&folder.join(format!("{}.db", engine.name())))?;
            let mut lab = self.lab_on(engine, SharedStore::new(store))?;
            lab.owner = self.paths.owner_of_proofs(lab.engine.name());
            // What needs a network to start does not start in a room without one.
            lab.offline = true;
            labs.push(lab);
        }
        match trouble {
            Some(error) if labs.is_empty() => Err(error.into()),
            _ => Ok(labs),
        }
    }

    /// How shells are opened.
    pub fn shells(&self) -> Result<Shells, Problem> {
        let launcher = Launcher::this().map_err(|error| {
            let message = format!("drydock does not find its own program: {error}");
            Problem::new("system", Exit::Environment, message)
        })?;
        Ok(Shells {
            place: Place::new(self.paths.runtime_dir.clone()),
            launcher,
            scrollback: self.config.scrollback as usize,
            recordings: (self.config.recording == Switch::On)
                .then(|| self.paths.recordings.clone()),
            database: self.paths.database.clone(),
            offline: self.offline,
        })
    }

    /// How completions are synced. The program itself runs git apart from the terminal.
    pub fn sync(&self) -> Result<sync::Settings, Problem> {
        let program = self.shells()?.launcher.program;
        let file = &self.paths.config_file;
        let chosen = self.config.sync_folder(file);
        let base = file.parent().unwrap_or(Path::new(""));
        Ok(sync::Settings {
            chosen: chosen.is_some(),
            folder: chosen.unwrap_or_else(|| self.paths.completions()),
            remote: sync::address(&self.config.sync.remote, base),
            offline: self.offline,
            limit: sync::LIMIT,
            apart: vec![program.into_os_string(), "apart".into()],
            wait: true,
        })
    }

    /// How incidents are directed, on the engine that is used.
    pub async fn incidents(&self, store: SharedStore) -> Result<Incidents, Problem> {
        let lab = self.lab(store).await?;
        let program = lab.shells.launcher.program.clone();
        let mut arguments = self.flags();
        arguments.push("direct".into());
        let folder = self.paths.incidents();
        Ok(Incidents { lab, program: (program, arguments), folder })
    }

    /// The flags with which another drydock starts from the same.
    pub fn flags(&self) -> Vec<OsString> {
        let folders = self.content.iter().map(|folder| folder.clone().into_os_string());
        let mut flags: Vec<_> = folders.flat_map(|folder| ["--content".into(), folder]).collect();
        if self.offline {
            flags.push("--offline".into());
        }
        flags
    }

    /// The latest attempt that has a recording, at this item or at any, and where the recording is.
    pub fn last_recorded(
        &self,
        store: &Store,
        item: Option<&str>,
    ) -> Result<(Attempt, PathBuf), Problem> {
        let mut attempts = store.history(item, u32::MAX)?.into_iter();
        let found = attempts.find_map(|attempt| {
            let path = folder::find(&self.paths.recordings, &attempt.id.to_string())?;
            Some((attempt, path))
        });
        found.ok_or_else(|| match item {
            Some(item) => self.no_recording(&format!("There is no recording of {item}")),
            None => self.no_recording("There is no recording yet"),
        })
    }

    /// That there is no recording, and what makes the next shell have one.
    pub fn no_recording(&self, message: &str) -> Problem {
        let remedy = match self.config.recording {
            Switch::On => "what a shell shows is recorded while it is open: drydock launch ID",
            Switch::Off => {
                "recording is off; for the shells to come: drydock config set recording on"
            }
        };
        Problem::new("no_recording", Exit::Environment, message).remedy(remedy)
    }

    /// What an item may do, and whether the learner has to agree to it first. Reads its files.
    pub fn sheet(&self, item: &Item, store: &Store) -> Result<Sheet, Problem> {
        let packs = Packs::at(self.paths.packs());
        Sheet::of(item, &packs, &Key::all(&self.paths.keys()), store, self.limits())
    }

    /// What a sandbox may use that says nothing else.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        let asked = self.config.limits();
        Limits {
            memory: asked.memory.unwrap_or(default.memory),
            cpus: asked.cpus.unwrap_or(default.cpus),
            pids: asked.pids.unwrap_or(default.pids),
        }
    }
}

/// Where content is read from: the program itself, the packs, the configured folders, and these over them.
pub fn sources(
    config: &Config,
    paths: &Paths,
    content: &[PathBuf],
) -> Result<Vec<Source>, Problem> {
    let mut sources = vec![Source::built_in()];
    sources.extend(Packs::at(paths.packs()).sources());
    for folder in config.content_folders(&paths.config_file).iter().chain(content) {
        sources.push(Source::folder(folder)?);
    }
    Ok(sources)
}

/// The native engine of a home.
pub fn native(paths: &Paths) -> Result<Native, EngineError> {
    Native::this(paths.native.clone()).map_err(|error| EngineError::Refused {
        detail: format!("drydock does not find its own program: {error}"),
    })
}

/// Decides which engine is used.
pub async fn choose(
    wanted: Wanted,
    paths: &Paths,
    offline: bool,
) -> Result<Arc<Chosen>, EngineError> {
    let environment = Environment::from_process();
    Ok(Arc::new(choice::choose(wanted, &environment, offline, native(paths)?).await?))
}

/// The engine that a sandbox is on. Nothing is asked of it yet.
pub fn engine_of(
    id: &SandboxId,
    paths: &Paths,
    offline: bool,
) -> Result<Arc<dyn Engine>, EngineError> {
    choice::engine_of(id, &Environment::from_process(), offline, native(paths)?)
}
