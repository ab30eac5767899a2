/** What a folder of the store is named by, and the path of the library in it. */
export interface Place {
  package: string;
  version: string;
  library: string;
}

export function pluginAhead(cpu: Place): string | null;
