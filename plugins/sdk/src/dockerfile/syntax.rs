//! `# syntax=`: the frontend image that reads the Dockerfile.

use super::Editor;
use crate::Error;

impl Editor {
    /// The frontend that the file asks for, if it does.
    #[must_use]
    pub fn syntax(&self) -> Option<&str> {
        self.directives().find_map(|(_, line)| syntax(line))
    }

    /// Asks for this frontend instead; none: for BuildKit's own, which no app has
    /// to be granted.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for what is no image, and where the result is no
    /// Dockerfile.
    pub fn set_syntax(&mut self, image: Option<&str>) -> Result<(), Error> {
        if let Some(image) = image.filter(|i| i.is_empty() || i.contains(char::is_whitespace)) {
            return Err(self.error(1, &format!("`{image}` is no image of a frontend")));
        }
        let mut text = self.text.clone();
        let mut found: Vec<_> = self
            .directives()
            .filter(|(_, line)| syntax(line).is_some())
            .map(|(at, line)| at..at + line.len())
            .collect();
        while let Some(range) = found.pop() {
            text.replace_range(range, "");
        }
        if let Some(image) = image {
            let shebang = text.starts_with("#!");
            let first = text.find('\n').filter(|_| shebang);
            let line = format!("# syntax={image}{}", self.newline());
            text.insert_str(first.map_or(0, |end| end + 1), &line);
        }
        let changed = Self::parse(&self.name, &text)?;
        let same = |editor: &Self| {
            editor.read().map(|file| {
                let lines = file.instructions.iter().map(|i| i.line.text().to_owned());
                lines.collect::<Vec<_>>()
            })
        };
        if same(self)? != same(&changed)? {
            return Err(self.error(1, "another syntax would make it another Dockerfile"));
        }
        *self = changed;
        Ok(())
    }

    /// The comments that the file opens with, each with its place and its end of
    /// line.
    fn directives(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        self.text
            .split_inclusive('\n')
            .map(move |line| {
                let start = at;
                at += line.len();
                (start, line)
            })
            .take_while(|(_, line)| line.trim_start().starts_with('#'))
    }
}

/// `IMAGE` of `# syntax=IMAGE`; a key's letters may be of either case.
fn syntax(line: &str) -> Option<&str> {
    let (key, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    key.trim().eq_ignore_ascii_case("syntax").then_some(())?;
    value.split_whitespace().next()
}
