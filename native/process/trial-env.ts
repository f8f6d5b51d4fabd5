/** The environment of a program run by the process runtime. Pure. */
import path from 'node:path';
import type { LaunchSpec } from '../../electron/ports/trial-runtime.ts';

/** Carried by everything an attempt starts; how its processes are found again. */
export const ATTEMPT_VARIABLE = 'SWITCHYARD_ATTEMPT_ID';
export const ENGINE_VARIABLE = 'SWITCHYARD_ENGINE_ID';

/**
 * What passes from the engine's own environment: what a shell, Python, a compiler and CUDA need to find themselves, the way out
 * (proxies, certificates) and where caches live. Nothing else, so no secret of the engine's reaches a trial by accident.
 */
const PASSED: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'HOSTNAME',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'LIBRARY_PATH',
  'CPATH',
  'PKG_CONFIG_PATH',
  'MANPATH',
  'CUDA_HOME',
  'CUDA_PATH',
  'CUDA_ROOT',
  'CUDNN_PATH',
  'VIRTUAL_ENV',
  'PYENV_ROOT',
  'PYENV_VERSION',
  'PYTHONUSERBASE',
  'MODULEPATH',
  'LOADEDMODULES',
  'HF_HOME',
  'TORCH_HOME',
  'WANDB_DIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
]);
const PASSED_PREFIXES = ['LC_', 'CONDA', 'XDG_'] as const;

/** @returns what of the engine's own environment a trial may see. Worth doing once: reading process.env is slow. */
export function passedOn(engineEnv: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(engineEnv)) {
    if (value !== undefined && (PASSED.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix))))
      env[name] = value;
  }
  env['PATH'] = withoutNpm(env['PATH'] ?? '') || '/usr/local/bin:/usr/bin:/bin';
  return env;
}

/** Started through npm, the engine has npm's own directories first on its PATH; programs in them are none of the user's. */
function withoutNpm(searchPath: string): string {
  return searchPath
    .split(path.delimiter)
    .filter((entry) => !/[\\/](node_modules[\\/][.]bin|node-gyp-bin)[\\/]?$/.test(entry))
    .join(path.delimiter);
}

/** What activating an environment sets, besides PATH. The engine's own belong to the shell it happened to be started from. */
const ACTIVATED: ReadonlySet<string> = new Set(['VIRTUAL_ENV', 'LD_LIBRARY_PATH', 'CUDA_HOME', 'PYENV_VERSION']);
const isActivated = (name: string): boolean => ACTIVATED.has(name) || name.startsWith('CONDA');

/**
 * @param base what the engine passes on
 * @returns the program's environment: base, then spec.env, then what the lease decides (never overridable)
 */
export function buildTrialEnv(
  base: Readonly<Record<string, string>>,
  spec: LaunchSpec,
): Readonly<Record<string, string>> & { readonly PATH: string } {
  const uuids = spec.slotUuids.join(',');
  // Two environments must not be mixed: a PATH of its own brings its own activated one.
  const passed = spec.envIsWhole
    ? { PATH: base['PATH'] ?? '' }
    : spec.env['PATH'] === undefined
      ? base
      : Object.fromEntries(Object.entries(base).filter(([name]) => !isActivated(name)));
  return {
    PATH: '',
    ...passed,
    ...spec.env,
    // "-1" and not "": CUDA takes both as "no GPU", but many wrappers and scripts take an empty variable as unset.
    CUDA_VISIBLE_DEVICES: uuids === '' ? '-1' : uuids,
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    NVIDIA_VISIBLE_DEVICES: uuids === '' ? 'void' : uuids,
    [ATTEMPT_VARIABLE]: spec.attemptId,
    [ENGINE_VARIABLE]: spec.engineId,
  };
}
