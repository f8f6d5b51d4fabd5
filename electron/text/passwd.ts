/** Who a user is, by the lines of /etc/passwd. Pure. */

/** @returns the name; null for one who is not in it */
export function userNameIn(passwd: string, uid: number): string | null {
  for (const line of passwd.split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && name !== '' && id === String(uid)) return name;
  }
  return null;
}
