import type { Device, DeviceReport } from "@quire/tensor";

interface DeviceChoiceProps {
  readonly reports: readonly DeviceReport[];
  readonly device: Device;
  readonly onChange: (device: Device) => void;
}

const names: Readonly<Record<Device, string>> = {
  cpu: "WebAssembly",
  webgpu: "WebGPU",
  cuda: "CUDA",
};

/** Where it computes: what there is can be chosen, what there is not says why. */
export function DeviceChoice({ reports, device, onChange }: DeviceChoiceProps) {
  const chosen = reports.find((report) => report.device === device);
  const missing = reports.find(({ available }) => !available);
  return (
    <fieldset class="device">
      <legend>Computed on</legend>
      <div class="segments">
        {reports.map((report) => (
          <label key={report.device}>
            <input
              type="radio"
              name="device"
              checked={report.device === device}
              disabled={!report.available}
              onChange={() => onChange(report.device)}
            />
            <span>{names[report.device]}</span>
          </label>
        ))}
      </div>
      <p class="hint">{missing ? missing.detail : (chosen?.detail ?? "Looking for devices…")}</p>
    </fieldset>
  );
}
