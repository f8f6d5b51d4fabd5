/**
 * Reads the XML of `nvidia-smi -q -x`. Elements are looked up by name, new names first and old ones after: the DTD number
 * in the document is not to be trusted (525 drivers announce v12 and write v11 names). The document type is cut away
 * before parsing, so neither an internal subset nor its entities are ever looked at.
 */
import { XMLParser } from 'fast-xml-parser';
import { recognizeLine } from './error-texts.ts';
import { emptyFacts } from './facts.ts';
import type { Fault, GpuFacts, KnownProblem, MigFacts, ProcessFacts, SmiOutput } from './facts.ts';
import { bareToken, isAbsent, isFaultWord, readCount, readMiB, readNumber, readSwitch, readText } from './values.ts';

type XmlNode = { readonly [name: string]: unknown };

/** Elements that may repeat: always lists, even when there is one. */
const LISTS = new Set(['gpu', 'mig_device', 'process_info']);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  isArray: (name) => LISTS.has(name),
});

/** @returns true when the text looks like the XML of -q -x */
export function isSmiXml(text: string): boolean {
  return /<nvidia_smi_log[\s>]/.test(text);
}

/** Length of the document type declaration that starts at `start`, including an internal subset with quotes and comments. */
function doctypeEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at);
      if (end < 0) return text.length;
      at = end + 2;
    } else if (char === '"' || char === "'") {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return text.length;
      at = end;
    } else if (char === '[') depth += 1;
    else if (char === ']') depth -= 1;
    else if (char === '>' && depth <= 0) return at + 1;
  }
  return text.length;
}

/** Everything that is not needed and could only do harm or cost time goes before parsing. */
function prepare(text: string): string {
  const start = text.search(/<!DOCTYPE/i);
  const body = start < 0 ? text : text.slice(0, start) + text.slice(doctypeEnd(text, start));
  return (
    body
      .replace(/<!--[\s\S]*?-->/g, '')
      .replace(/<supported_clocks>[\s\S]*?<\/supported_clocks>/g, '')
      // Names of processes are free text; old drivers do not escape them.
      .replace(
        /<process_name>([\s\S]*?)<\/process_name>/g,
        (_whole, name: string) =>
          `<process_name>${name.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</process_name>`,
      )
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? '', 16);
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** @returns the element as a node; undefined when it is missing or holds only a word ("GPU is lost") */
function child(node: XmlNode | undefined, ...names: readonly string[]): XmlNode | undefined {
  for (const name of names) {
    const value = node?.[name];
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'object' && first !== null) return first as XmlNode;
  }
  return undefined;
}

function children(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  const value = node?.[name];
  return Array.isArray(value)
    ? value.filter((entry): entry is XmlNode => typeof entry === 'object' && entry !== null)
    : [];
}

/** @returns the text of an element, also when it has attributes; undefined when it is missing or has children only */
function body(node: XmlNode | undefined, name: string): string | undefined {
  const value = node?.[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'string') return decodeEntities(first);
  if (typeof first === 'object' && first !== null) {
    const text = (first as XmlNode)['#text'];
    return typeof text === 'string' ? decodeEntities(text) : undefined;
  }
  return undefined;
}

/** The text of `names` one after the other, the first that holds a number. */
function firstNumber(sources: readonly (readonly [XmlNode | undefined, string])[]): number | null {
  for (const [node, name] of sources) {
    const value = readNumber(body(node, name));
    if (value !== null) return value;
  }
  return null;
}

function readProcesses(gpu: XmlNode, gpuUuid: string | null, gpuBusId: string | null): readonly ProcessFacts[] {
  const processes: ProcessFacts[] = [];
  for (const info of children(child(gpu, 'processes', 'compute_processes'), 'process_info')) {
    const pid = readCount(body(info, 'pid'));
    if (pid === null) continue;
    processes.push({
      pid,
      name: (body(info, 'process_name') ?? '').trim(),
      type: readText(body(info, 'type')),
      usedMiB: readMiB(body(info, 'used_memory')),
      gpuUuid,
      gpuBusId,
      gpuInstance: readCount(body(info, 'gpu_instance_id')),
      computeInstance: readCount(body(info, 'compute_instance_id')),
    });
  }
  return processes;
}

function readMigDevices(gpu: XmlNode): readonly MigFacts[] {
  return children(child(gpu, 'mig_devices'), 'mig_device').map((device, order) => {
    const memory = child(device, 'fb_memory_usage');
    return {
      index: readCount(body(device, 'index')) ?? order,
      uuid: readText(body(device, 'uuid')),
      profile: null,
      gpuInstance: readCount(body(device, 'gpu_instance_id')),
      computeInstance: readCount(body(device, 'compute_instance_id')),
      memoryTotalMiB: readMiB(body(memory, 'total')),
      memoryUsedMiB: readMiB(body(memory, 'used')),
      memoryFreeMiB: readMiB(body(memory, 'free')),
    };
  });
}

/** Names of the throttle elements without their prefix, those that are active. */
function readThrottle(gpu: XmlNode): readonly string[] | null {
  const reasons = child(gpu, 'clocks_event_reasons', 'clocks_throttle_reasons');
  if (reasons === undefined) return null;
  return Object.keys(reasons)
    .filter((name) => body(reasons, name) === 'Active')
    .map((name) => name.replace(/^clocks_(?:event|throttle)_reason_/, ''));
}

/** A GPU in trouble may say so in any element, whatever its numbers look like. @returns the first such word */
function findFaultWord(value: unknown): string | null {
  if (typeof value === 'string') return /^GPU (?:is lost|requires)/i.test(bareToken(value)) ? bareToken(value) : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, entry] of Object.entries(value)) {
    const word = name === 'processes' || name === 'accounted_processes' ? null : findFaultWord(entry);
    if (word !== null) return word;
  }
  return null;
}

function readNotes(gpu: XmlNode): readonly string[] {
  const notes: string[] = [];
  const rows = child(gpu, 'remapped_rows');
  if (body(rows, 'remapped_row_failure') === 'Yes')
    notes.push('row remapping has failed: the memory is wearing out; have the card tested and replaced');
  else if (body(rows, 'remapped_row_pending') === 'Yes')
    notes.push('memory rows are to be remapped: reset the GPU or reboot when nothing runs on it');
  return notes;
}

function readGpu(gpu: XmlNode, order: number, driverVersion: string | null): GpuFacts {
  const memory = child(gpu, 'fb_memory_usage', 'memory_usage');
  const power = [child(gpu, 'gpu_power_readings'), child(gpu, 'power_readings')];
  const use = child(gpu, 'utilization');
  const heat = child(gpu, 'temperature');
  const uuid = readText(body(gpu, 'uuid'));
  const busId = readText(body(child(gpu, 'pci'), 'pci_bus_id')) ?? readText(body(gpu, '@id'));
  const pstate = (body(gpu, 'performance_state') ?? body(power[0] ?? power[1], 'power_state'))?.trim();

  const tokens: Record<string, string> = {};
  const faults: Fault[] = [];
  const watch: readonly (readonly [string, string | undefined, boolean])[] = [
    ['memoryTotalMiB', body(memory, 'total'), false],
    ['memoryUsedMiB', body(memory, 'used'), false],
    ['memoryFreeMiB', body(memory, 'free'), false],
    ['memoryReservedMiB', body(memory, 'reserved'), false],
    ['utilizationPct', body(use, 'gpu_util'), true],
    ['temperatureC', body(heat, 'gpu_temp'), true],
    // A whole block may be one word.
    ['memoryTotalMiB', body(gpu, 'fb_memory_usage'), false],
    ['utilizationPct', body(gpu, 'utilization'), true],
    ['temperatureC', body(gpu, 'temperature'), true],
    [
      'powerW',
      body(power[0], 'instant_power_draw') ?? body(power[0], 'power_draw') ?? body(power[1], 'power_draw'),
      false,
    ],
    ['name', body(gpu, 'product_name'), false],
    ['uuid', body(gpu, 'uuid'), false],
  ];
  for (const [field, raw, telling] of watch) {
    if (raw === undefined || raw.trim() === '' || readNumber(raw) !== null) continue;
    const word = bareToken(raw);
    const isName = field === 'name' || field === 'uuid';
    if (!isName) tokens[field] = raw.trim();
    if (field !== 'powerW' && (isFaultWord(word) || (telling && !isAbsent(word)))) faults.push({ field, token: word });
  }
  if (pstate !== undefined && !/^P\d+$/.test(pstate) && !isAbsent(pstate))
    faults.push({ field: 'pstate', token: bareToken(pstate) });
  const anywhere = findFaultWord(gpu);
  if (anywhere !== null && faults.length === 0) faults.push({ field: 'device', token: anywhere });
  if (/^yes$/i.test(body(child(gpu, 'gpu_reset_status'), 'reset_required') ?? ''))
    faults.push({ field: 'reset_required', token: 'GPU requires reset' });

  return {
    ...emptyFacts(order),
    uuid,
    busId,
    name: readText(body(gpu, 'product_name')),
    minor: readCount(body(gpu, 'minor_number')),
    memoryTotalMiB: readMiB(body(memory, 'total')),
    memoryUsedMiB: readMiB(body(memory, 'used')),
    memoryFreeMiB: readMiB(body(memory, 'free')),
    memoryReservedMiB: readMiB(body(memory, 'reserved')),
    utilizationPct: readNumber(body(use, 'gpu_util')),
    temperatureC: readNumber(body(heat, 'gpu_temp')),
    // <= 525 power_readings/power_draw, 535 gpu_power_readings/power_draw, >= 550 instant and average.
    powerW: firstNumber([
      [power[0], 'power_draw'],
      [power[1], 'power_draw'],
      [power[0], 'instant_power_draw'],
      [power[0], 'average_power_draw'],
      [power[1], 'instant_power_draw'],
      [power[1], 'average_power_draw'],
    ]),
    powerLimitW: firstNumber([
      [power[0], 'current_power_limit'],
      [power[0], 'power_limit'],
      [power[1], 'enforced_power_limit'],
      [power[1], 'power_limit'],
      [power[1], 'current_power_limit'],
    ]),
    pstate: pstate !== undefined && /^P\d+$/.test(pstate) ? pstate : null,
    driverVersion,
    computeMode: readText(body(gpu, 'compute_mode')),
    driverModel: readText(body(child(gpu, 'driver_model'), 'current_dm')),
    migMode: readText(body(child(gpu, 'mig_mode'), 'current_mig')),
    virtualization: readText(body(child(gpu, 'gpu_virtualization_mode'), 'virtualization_mode')),
    // Kept as it is: "None" says that no action is needed, "N/A" that the driver does not know.
    recoveryAction: body(gpu, 'gpu_recovery_action')?.trim() ?? null,
    persistenceMode: readText(body(gpu, 'persistence_mode')),
    displayActive: readSwitch(body(gpu, 'display_active')),
    throttleReasons: readThrottle(gpu),
    mig: readMigDevices(gpu),
    processes: readProcesses(gpu, uuid, busId),
    tokens,
    faults,
    notes: readNotes(gpu),
  };
}

/** @param text stdout of `nvidia-smi -q -x`; text before and after the document is searched for error texts */
export function parseSmiXml(text: string): SmiOutput {
  const warnings: string[] = [];
  const problems: KnownProblem[] = [];
  const start = text.search(/<\?xml|<!--|<!DOCTYPE|<nvidia_smi_log/i);
  const end = text.indexOf('</nvidia_smi_log>');
  if (end < 0) warnings.push('the XML ends early; what was there is shown');
  const around = `${start > 0 ? text.slice(0, start) : ''}\n${end < 0 ? '' : text.slice(end + '</nvidia_smi_log>'.length)}`;
  for (const line of around.split(/\r\n|\r|\n/)) {
    const known = line.trim() === '' ? null : recognizeLine(line);
    if (known !== null) problems.push(known);
  }
  let log: XmlNode | undefined;
  try {
    log = child(
      parser.parse(prepare(end < 0 ? text : text.slice(0, end + '</nvidia_smi_log>'.length))) as XmlNode,
      'nvidia_smi_log',
    );
  } catch (error) {
    warnings.push(`the XML cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const driverVersion = readText(body(log, 'driver_version'));
  const gpus = children(log, 'gpu').map((gpu, order) => readGpu(gpu, order, driverVersion));
  const attached = readCount(body(log, 'attached_gpus'));
  if (attached !== null && attached !== gpus.length)
    warnings.push(`the XML announces ${attached} GPUs and lists ${gpus.length}`);
  return { gpus, processes: [], driverVersion, problems, warnings };
}
