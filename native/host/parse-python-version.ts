/** The version of Python of an environment, from what lies in it. Pure. */

const VERSION = /^\d+[.]\d+(?:[.]\d+)?/;

/** @param text of pyvenv.cfg: `version = 3.11.4` (venv), `version_info = 3.11.4.final.0` (virtualenv, uv). @returns null when it has none */
export function parsePyvenvVersion(text: string): string | null {
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== 'version' && key !== 'version_info') continue;
    const version = VERSION.exec(value ?? '')?.[0];
    if (version !== undefined) return version;
  }
  return null;
}

/** @param names of the files in conda-meta: `python-3.10.13-h955ad1f_0.json`. @returns null when Python is not among them */
export function parseCondaVersion(names: readonly string[]): string | null {
  for (const name of names) {
    const version = /^python-(\d+[.]\d+(?:[.]\d+)?)-[^-]+[.]json$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  return null;
}

/** @param names of the files in bin: `python3.11`. For environments that do not say it. */
export function parseBinVersion(names: readonly string[]): string | null {
  for (const name of names) {
    const version = /^python(\d+[.]\d+)$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  return null;
}
