/** A command runs as if it had been typed in the shell it was submitted from. */
import { describe, expect, it, test } from 'vitest';
import { sayLeftOut, takeShellEnvironment } from '../../../electron/cli/shell-environment.ts';

const take = (env: NodeJS.ProcessEnv) => takeShellEnvironment(env, '/w');

describe('the environment of the shell', () => {
  it('comes along, with the PATH of npm taken off and the rest of it absolute', () => {
    const typed = {
      HOME: '/home/me',
      VIRTUAL_ENV: '/home/me/venv',
      WANDB_MODE: 'offline',
      HF_HOME: '/big/hf',
      OMP_NUM_THREADS: '4',
      HTTP_PROXY: 'http://proxy:3128',
      NCCL_DEBUG: 'INFO',
      TOKENIZERS_PARALLELISM: 'false',
      LD_PRELOAD: '/usr/lib/libtcmalloc.so',
      EMPTY: '',
    };
    const searched = {
      PATH: '/home/me/venv/bin:/p/node_modules/.bin:/n/node-gyp-bin:tools:/usr/bin',
      PYTHONPATH: 'lib:/opt/lib',
    };
    expect(take({ ...typed, ...searched })).toEqual({
      variables: { ...typed, PATH: '/home/me/venv/bin:/w/tools:/usr/bin', PYTHONPATH: '/w/lib:/opt/lib' },
      leftOut: { credentials: [], session: [], lease: [] },
    });
  });

  test.each([
    '_',
    'PWD',
    'SHLVL',
    'PS1',
    'TERM',
    'LS_COLORS',
    'npm_config_cache',
    'SWITCHYARD_HOME',
    'ELECTRON_RUN_AS_NODE',
    'BASH_FUNC_module%%',
  ])('%s is of the shell alone', (name) => {
    expect(take({ [name]: 'x' })).toEqual({ variables: {}, leftOut: { credentials: [], session: [], lease: [] } });
  });

  test.each(['DISPLAY', 'SSH_AUTH_SOCK', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'TMUX', 'VSCODE_IPC_HOOK_CLI'])(
    '%s is of a login that ends',
    (name) => {
      expect(take({ [name]: 'x' })).toMatchObject({ variables: {}, leftOut: { session: [name] } });
    },
  );

  test.each([
    ['WANDB_API_KEY', 'k'],
    ['AWS_SECRET_ACCESS_KEY', 'k'],
    ['HTTPS_PROXY', 'http://me:hunter2@proxy:3128'],
  ])('%s=%s is a credential', (name, value) => {
    expect(take({ [name]: value })).toMatchObject({ variables: {}, leftOut: { credentials: [name] } });
  });

  it('names what stays, never its value, with the flag that takes it along', () => {
    const { leftOut } = take({
      A_TOKEN: 'hunter2',
      DISPLAY: ':7',
      TMUX: '/t',
      STY: 's',
      SSH_TTY: '/dev',
      CUDA_VISIBLE_DEVICES: '5',
    });
    expect(sayLeftOut(leftOut)).toEqual([
      'Not taken over from this shell: A_TOKEN (by name or form a credential); DISPLAY, SSH_TTY, STY and 1 more (of this login). ' +
        '"--env NAME" takes one along.',
      'CUDA_VISIBLE_DEVICES of this shell has no effect: a trial sees the GPUs it is given.',
    ]);
    expect(sayLeftOut(take({ HOME: '/h' }).leftOut)).toEqual([]);
  });
});
