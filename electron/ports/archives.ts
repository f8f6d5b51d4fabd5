/** The port to archives: directories as one file and back. Implemented in native/archives. No I/O here. */
export interface PackedArchive {
  readonly sizeBytes: number;
  /** Hex. The same files give the same archive, whenever and in whatever order they were written. */
  readonly sha256: string;
}

export interface Archives {
  /**
   * Packs what lies in a directory: files, directories and links (as links). Sockets, pipes and devices are left out.
   * @param only names of entries of the directory itself; null = all of them
   * @param file where the archive (gzip) appears; replaced when it is there
   * @returns null where there is nothing to pack
   * @throws the system's error
   */
  pack(dir: string, only: readonly string[] | null, file: string): Promise<PackedArchive | null>;
  /**
   * Unpacks an archive that comes from somebody else into a directory that is made new: nothing outside of it is touched, whatever the
   * archive names; links are made as they are and never written through.
   * @throws Error where a name leads outside
   */
  unpack(file: string, into: string): Promise<void>;
  /**
   * Puts what was unpacked over a directory: files replace what has their name, directories are joined, links in the way are replaced
   * and never followed.
   * @param removed names relative to `into` that go
   */
  merge(from: string, into: string, removed: readonly string[]): Promise<void>;
}
