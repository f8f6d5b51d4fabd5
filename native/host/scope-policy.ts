/**
 * Where a process stands among systemd's units of its user, and whether an engine should leave for a unit of its own. Pure.
 *
 * Desktops start each application in a scope (or, at login, a service) of its own below the user's manager. Everything the application
 * starts is in it, trials too: when the kernel kills one of them for memory, systemd by default stops the whole unit, window included.
 */

/**
 * app: a unit that a desktop made for an application or a terminal's tab; session: a login (ssh, console); own: a service or a scope of
 * Switchyard's; none: no systemd, a container, or a unit whose owner knows what it does.
 */
export type UnitKind = 'app' | 'session' | 'own' | 'none';

/** @param cgroup text of /proc/<pid>/cgroup */
export function readUnitKind(cgroup: string): UnitKind {
  const place = /^0::(\/.*)$/m.exec(cgroup)?.[1];
  if (place === undefined) return 'none';
  const unit = place.slice(place.lastIndexOf('/') + 1);
  const isBelowManager = /\/user@\d+[.]service\//.test(place);
  if (isBelowManager && /^switchyard.*[.](scope|service)$/.test(unit)) return 'own';
  if (isBelowManager && (unit.endsWith('.scope') || /^app-.*[.]service$/.test(unit))) return 'app';
  if (/\/user-\d+[.]slice\/session-[^/]+[.]scope$/.test(place)) return 'session';
  return 'none';
}

/**
 * A unit of the manager ends with it, at the last logout, unless the user lingers; a login's scope usually does not. So leaving a login
 * without lingering would make it worse.
 */
export function shouldLeaveUnit(kind: UnitKind, isLingering: boolean): boolean {
  return kind === 'app' || (kind === 'session' && isLingering);
}
