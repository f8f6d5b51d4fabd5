/**
 * What of the environment of a shell reaches a trial. A process gets all of it, as if its command had been typed there. A container is
 * another machine: it gets the variables of machine-learning tools, unless they name a place of this machine that it does not see. Pure.
 */
import type { RuntimeKind } from '../../contract/states.ts';

/** By how their names begin. README lists them. */
const TOOL_PREFIXES = [
  'WANDB_',
  'MLFLOW_',
  'COMET_',
  'NEPTUNE_',
  'CLEARML_',
  'DVC_',
  'DVCLIVE_',
  'HF_',
  'HUGGINGFACE_',
  'TRANSFORMERS_',
  'TOKENIZERS_',
  'DIFFUSERS_',
  'DATASETS_',
  'ACCELERATE_',
  'DEEPSPEED_',
  'TORCH_',
  'TORCHINDUCTOR_',
  'TORCHDYNAMO_',
  'PYTORCH_',
  'PL_',
  'TRITON_',
  'TF_',
  'XLA_',
  'JAX_',
  'KERAS_',
  'OMP_',
  'MKL_',
  'OPENBLAS_',
  'NUMEXPR_',
  'NUMBA_',
  'KMP_',
  'NCCL_',
  'GLOO_',
  'UCX_',
  'CUDNN_',
  'CUBLAS_',
  'HYDRA_',
  'RAY_',
  'VLLM_',
] as const;
const TOOLS: ReadonlySet<string> = new Set([
  'CUDA_LAUNCH_BLOCKING',
  'CUDA_MODULE_LOADING',
  'CUDA_DEVICE_MAX_CONNECTIONS',
  'PYTHONHASHSEED',
  'PYTHONUNBUFFERED',
  'PYTHONWARNINGS',
  'MPLBACKEND',
  'TZ',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
]);
/** A service of this machine as only this machine calls it. */
const OF_LOOPBACK = /:\/\/(localhost|127[.]\d+[.]\d+[.]\d+|\[::1\])(:|\/|$)/i;

export interface ShellShare {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables of a tool that mean nothing in a container: they name a place of this machine. */
  readonly ofThisMachine: readonly string[];
}

/**
 * @param mounts what the container sees of this machine
 * @returns the share of the shell's variables that the trial gets
 */
export function shareOfShell(
  shell: Readonly<Record<string, string>>,
  runtime: RuntimeKind,
  mounts: readonly { readonly containerPath: string }[],
): ShellShare {
  if (runtime === 'process') return { variables: shell, ofThisMachine: [] };
  const variables: Record<string, string> = {};
  const ofThisMachine: string[] = [];
  for (const [name, value] of Object.entries(shell)) {
    if (!TOOLS.has(name) && !TOOL_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const isSeen =
      !OF_LOOPBACK.test(value) &&
      (!/^[/~]/.test(value) ||
        mounts.some(({ containerPath }) => value === containerPath || value.startsWith(`${containerPath}/`)));
    if (isSeen) variables[name] = value;
    else ofThisMachine.push(name);
  }
  return { variables, ofThisMachine };
}

/** @returns sentences with the names and never a value */
export function sayShellShare(shell: Readonly<Record<string, string>>, share: ShellShare): string[] {
  if (share.variables === shell) return [];
  const names = Object.keys(share.variables);
  return [
    ...(names.length === 0 ? [] : [`Taken into the container from the shell: ${names.join(', ')}.`]),
    ...(share.ofThisMachine.length === 0
      ? []
      : [
          `Not taken into the container, because they name places of this machine: ${share.ofThisMachine.join(', ')}. ` +
            'Mount the place at the same path (--mount), or set them with --env NAME=VALUE.',
        ]),
  ];
}
