//! A disk with a page cache: what was not synced may be lost at a power cut, sector by sector.

use super::rng::Rng;
use delivery::Storage;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

const SECTOR: usize = 64;

/// A handle; clones share the disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Rc<RefCell<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names since the last sync of the directory, in order.
    unsynced_names: Vec<BTreeMap<String, u64>>,
    files: BTreeMap<u64, File>,
    next_file: u64,
    full: bool,
    failing_syncs: u32,
}

#[derive(Clone, Debug, Default)]
struct File {
    content: Vec<u8>,
    durable: Vec<u8>,
    /// Written and not synced. Dropped by a failed sync, as Linux does.
    dirty: Vec<(usize, usize)>,
}

/// What a machine's disk was at some moment.
#[derive(Clone, Debug)]
pub struct Image(State);

impl Disk {
    pub fn set_full(&self, full: bool) {
        self.0.borrow_mut().full = full;
    }

    pub fn fail_next_syncs(&self, count: u32) {
        self.0.borrow_mut().failing_syncs = count;
    }

    pub fn wipe(&self) {
        *self.0.borrow_mut() = State::default();
    }

    pub fn image(&self) -> Image {
        Image(self.0.borrow().clone())
    }

    pub fn restore(&self, image: &Image) {
        *self.0.borrow_mut() = image.0.clone();
    }

    /// Another disk with the same content.
    pub fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// Loses what is not durable; `luck` decides what of it made it after all.
    pub fn power_cut(&self, luck: Option<&mut Rng>) {
        let state = &mut *self.0.borrow_mut();
        let mut none = Rng(0);
        let lucky = luck.is_some();
        let rng = luck.unwrap_or(&mut none);
        let kept = if lucky {
            rng.below(state.unsynced_names.len() + 1)
        } else {
            0
        };
        if kept > 0 {
            state.durable_names = state.unsynced_names[kept - 1].clone();
        }
        state.names = state.durable_names.clone();
        state.unsynced_names.clear();
        for file in state.files.values_mut() {
            file.power_cut(lucky.then_some(&mut *rng));
        }
    }

    /// Flips one bit of a stored file. False: there is none.
    pub fn flip(&self, rng: &mut Rng) -> bool {
        let state = &mut *self.0.borrow_mut();
        let files: Vec<u64> = state.names.values().copied().collect();
        if files.is_empty() {
            return false;
        }
        let file = state.files.get_mut(&files[rng.below(files.len())]).unwrap();
        // Preallocated zeros are the larger part; damage in records is the more interesting one.
        let used = file
            .content
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        if used == 0 {
            return false;
        }
        let (at, bit) = (rng.below(used), 1 << rng.below(8));
        file.content[at] ^= bit;
        if let Some(byte) = file.durable.get_mut(at) {
            *byte ^= bit;
        }
        true
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut disk = self.clone();
        disk.create(name, 0).unwrap();
        disk.write_at(name, 0, bytes).unwrap();
        disk.sync(name).unwrap();
        disk.sync_dir().unwrap();
    }

    pub fn bytes(&self) -> usize {
        let state = self.0.borrow();
        state
            .names
            .values()
            .map(|id| state.files[id].content.len())
            .sum()
    }
}

impl File {
    fn power_cut(&mut self, mut luck: Option<&mut Rng>) {
        for (start, end) in std::mem::take(&mut self.dirty) {
            for at in (start..end).step_by(SECTOR) {
                let to = (at + SECTOR).min(end);
                match luck.as_mut().map_or(0, |rng| rng.below(8)) {
                    0..4 => {}
                    fate => {
                        self.durable.resize(self.durable.len().max(to), 0);
                        self.durable[at..to].copy_from_slice(&self.content[at..to]);
                        if fate == 7 {
                            // Written, but not right.
                            self.durable[at] ^= 0x55;
                        }
                    }
                }
            }
        }
        self.content = self.durable.clone();
    }
}

impl State {
    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let id = self.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.files.get_mut(id).unwrap())
    }

    fn renamed(&mut self) {
        self.unsynced_names.push(self.names.clone());
    }
}

impl Storage for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.borrow().names.keys().cloned().collect())
    }

    fn create(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        if state.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.next_file += 1;
        let content = vec![0; bytes as usize];
        state.files.insert(
            state.next_file,
            File {
                content,
                ..File::default()
            },
        );
        state.names.insert(name.to_owned(), state.next_file);
        state.renamed();
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        let full = state.full;
        let file = state.file(name)?;
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        if full && end > file.content.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.content.resize(file.content.len().max(end), 0);
        file.content[start..end].copy_from_slice(bytes);
        file.dirty.push((start, end));
        Ok(())
    }

    fn read_at(&self, name: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let state = &mut *self.0.borrow_mut();
        let content = &state.file(name)?.content;
        let start = content.len().min(offset as usize);
        let end = content.len().min(start.saturating_add(bytes));
        Ok(content[start..end].to_vec())
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        let fails = state.failing_syncs > 0;
        state.failing_syncs = state.failing_syncs.saturating_sub(1);
        let file = state.file(name)?;
        let dirty = std::mem::take(&mut file.dirty);
        if fails {
            // fsyncgate: the pages are clean now, and a second sync would report success.
            return Err(io::Error::other("write-back failed"));
        }
        file.durable.resize(file.content.len(), 0);
        for (start, end) in dirty {
            let end = end.min(file.content.len());
            if start < end {
                file.durable[start..end].copy_from_slice(&file.content[start..end]);
            }
        }
        Ok(())
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.durable_names = state.names.clone();
        state.unsynced_names.clear();
        let kept: std::collections::BTreeSet<u64> = state.names.values().copied().collect();
        state.files.retain(|id, _| kept.contains(id));
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        let id = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), id);
        state.renamed();
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        state.renamed();
        Ok(())
    }

    fn truncate(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        let file = state.file(name)?;
        file.content.truncate(bytes as usize);
        for range in &mut file.dirty {
            range.1 = range.1.min(bytes as usize);
        }
        file.dirty.retain(|(start, end)| start < end);
        Ok(())
    }
}
