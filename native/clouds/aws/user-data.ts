/**
 * What a machine does first when it starts. Pure, and the same bytes for the same request: the cloud takes a repeated request for the
 * same machine only when nothing in it differs.
 *
 * In its order: (1) the deadline, which ends the machine whatever happens: at once by shutdown, and by a timer that outlives a restart;
 * (2) whatever ends this script ends the machine; (3) the agent, which is run only when its checksum is right.
 * Times are counted from the machine's own start: the clock of whoever asked for it may be wrong by days.
 */
export interface Download {
  readonly url: string;
  readonly sha256: string;
}

export interface UserDataOptions {
  readonly attemptId: string;
  /** From the start of the machine on. */
  readonly limitS: number;
  readonly agent: Download;
  readonly config: Download;
}

/** EC2 takes no more. */
export const MAX_USER_DATA_BYTES = 16_384;
/** What the agent says when it wants the machine to be started again. */
export const REBOOT_EXIT_CODE = 75;

/** The places are variables so that a simulated machine has its own. @throws RangeError when it is too long */
export function writeUserData({ attemptId, limitS, agent, config }: UserDataOptions): string {
  const text = `#!/bin/bash
# Switchyard, attempt ${attemptId}. First of all: when this machine ends.
L=${Math.ceil(limitS)}
R=\${SWITCHYARD_ROOT:-/opt/switchyard}
U=\${SWITCHYARD_UNITS:-/etc/systemd/system}
shutdown -P +$(((L+59)/60)) >/dev/null 2>&1
umask 077; mkdir -p "$R/home"; cd "$R" || { shutdown -P now; exit 1; }
E=$(($(date +%s)+L))
T=$(date -u -d @$E '+%Y-%m-%d %H:%M:%S UTC')
cat > "$U/switchyard-deadline.timer" <<END
[Timer]
OnCalendar=$T
AccuracySec=1s
Persistent=true
Unit=poweroff.target
[Install]
WantedBy=timers.target
END
cat > "$U/switchyard-agent.service" <<END
[Unit]
After=network-online.target
[Service]
ExecStart=/bin/bash $R/run.sh
KillMode=process
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl enable --now switchyard-deadline.timer && systemctl enable switchyard-agent.service
cat > run.sh <<'END'
off() { trap - EXIT; sync; systemctl poweroff --force || shutdown -P now; }
trap off EXIT
get() {
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    curl -fsS --connect-timeout 20 --max-time 300 -o "$1.new" "$2" && echo "$3  $1.new" | sha256sum -c --status && mv "$1.new" "$1" && return 0
    sleep "\${SWITCHYARD_PAUSE:-5}"
  done
  return 1
}
cd "$(dirname "$0")" || exit 1
[ -s agent.py ] || get agent.py '${agent.url}' ${agent.sha256} || exit 1
[ -s config.asked ] || get config.asked '${config.url}' ${config.sha256} || exit 1
python3 -c 'import json,sys
c=json.load(open("config.asked")); c["home"]=sys.argv[1]+"/home"; c["environments"]=sys.argv[1]+"/environments"; c["deadlineMs"]=int(sys.argv[2])*1000
json.dump(c,open("config.json","w"))' "$PWD" "$(cat end)" || exit 1
python3 agent.py run "$PWD/config.json"
if [ $? = ${REBOOT_EXIT_CODE} ] && [ ! -e restarted ]; then touch restarted; trap - EXIT; systemctl reboot; fi
END
echo $E > end
exec bash "$R/run.sh"
`;
  if (Buffer.byteLength(text) > MAX_USER_DATA_BYTES)
    throw new RangeError(
      `The start of the machine is ${Buffer.byteLength(text)} bytes, and EC2 takes ${MAX_USER_DATA_BYTES}.`,
    );
  return text;
}
