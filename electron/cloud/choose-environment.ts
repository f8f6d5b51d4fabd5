/**
 * Which commands bring the environment of a project to a machine that has Python and nothing else. Pure.
 *
 * The script runs in the working directory, in a shell that stops at the first fault; what it exports is the trial's. SWITCHYARD_ENV names
 * a directory that trials with the same script and the same files share: what is made there once is only activated afterwards.
 */

/** Files that decide what is installed: the environment is made anew when one of them changes. In the order in which they are looked for. */
export const ENVIRONMENT_FILES = [
  'uv.lock',
  'poetry.lock',
  'pdm.lock',
  'pylock.toml',
  'requirements.lock',
  'requirements.txt',
  'environment.yml',
  'environment.yaml',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  '.python-version',
] as const;

export interface ProjectFacts {
  /** Names of what lies in the project's directory. */
  readonly files: ReadonlySet<string>;
  /** What the virtual environment that was active at submit holds ("name==version" per entry); null = none was. */
  readonly active: readonly string[] | null;
}

export interface ChosenEnvironment {
  /** null = nothing is known of what it needs. */
  readonly script: string | null;
  /** What it follows, for people: "uv.lock". */
  readonly from: string | null;
  /** What it could not find, or does not bring along. */
  readonly notes: readonly string[];
}

/** Installs once; then only activates. */
function once(make: string): string {
  return [
    'if [ ! -e "$SWITCHYARD_ENV/.ready" ]; then',
    ...make.split('\n').map((line) => `  ${line}`),
    '  touch "$SWITCHYARD_ENV/.ready"',
    'fi',
    'VIRTUAL_ENV="$SWITCHYARD_ENV/venv"; PATH="$VIRTUAL_ENV/bin:$PATH"; export VIRTUAL_ENV PATH',
  ].join('\n');
}

const VENV = 'python3 -m venv --clear "$SWITCHYARD_ENV/venv"';
const PIP = '"$SWITCHYARD_ENV/venv/bin/python" -m pip install --disable-pip-version-check';
/** uv where the machine has it; otherwise its own copy, beside the environment. */
const UV = [
  'UV=$(command -v uv || true)',
  'if [ -z "$UV" ]; then',
  '  python3 -m venv --clear "$SWITCHYARD_ENV/uv"',
  '  "$SWITCHYARD_ENV/uv/bin/python" -m pip install --disable-pip-version-check uv',
  '  UV="$SWITCHYARD_ENV/uv/bin/uv"',
  'fi',
].join('\n');

export function chooseEnvironment({ files, active }: ProjectFacts): ChosenEnvironment {
  const has = (name: string): boolean => files.has(name);
  const chosen = (from: string, make: string, notes: readonly string[] = []): ChosenEnvironment => ({
    script: once(make),
    from,
    notes,
  });
  if (has('uv.lock') && has('pyproject.toml'))
    return chosen(
      'uv.lock',
      `${UV}\nUV_PROJECT_ENVIRONMENT="$SWITCHYARD_ENV/venv" "$UV" sync --frozen --no-install-project`,
      ['The project itself is not installed; its files are found from the working directory.'],
    );
  if (has('pylock.toml'))
    return chosen(
      'pylock.toml',
      `${UV}\n"$UV" venv --clear "$SWITCHYARD_ENV/venv"\n"$UV" pip install --python "$SWITCHYARD_ENV/venv" -r pylock.toml`,
    );
  for (const name of ['requirements.lock', 'requirements.txt'])
    if (has(name)) return chosen(name, `${VENV}\n${PIP} -r ${name}`);
  for (const name of ['environment.yml', 'environment.yaml'])
    if (has(name))
      return {
        script: [
          'if [ ! -e "$SWITCHYARD_ENV/.ready" ]; then',
          `  conda env create --yes --prefix "$SWITCHYARD_ENV/conda" --file ${name}`,
          '  touch "$SWITCHYARD_ENV/.ready"',
          'fi',
          'eval "$(conda shell.posix activate "$SWITCHYARD_ENV/conda")"',
        ].join('\n'),
        from: name,
        notes: ['It needs conda on that machine.'],
      };
  const locked = ['poetry.lock', 'pdm.lock'].find(has);
  const ignored =
    locked === undefined
      ? []
      : [`${locked} is not read: versions come from pyproject.toml. Export it as requirements.txt to fix them.`];
  if (has('pyproject.toml') || has('setup.py'))
    return chosen(has('pyproject.toml') ? 'pyproject.toml' : 'setup.py', `${VENV}\n${PIP} .`, ignored);
  if (active !== null && active.length > 0)
    return chosen(
      'the active environment',
      `${VENV}\n${PIP} ${active.filter((one) => /^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$/.test(one)).join(' ')}`,
      active
        .filter((one) => !/^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$/.test(one))
        .map((one) => `${one} was not installed from an index and does not come along.`),
    );
  return {
    script: null,
    from: null,
    notes: [
      'Nothing says what the project needs (no uv.lock, requirements.txt, pyproject.toml or environment.yml): it runs with what that machine has.',
    ],
  };
}
