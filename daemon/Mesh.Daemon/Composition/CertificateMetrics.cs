using Mesh.Control.Identity;
using Mesh.Io.Tls;
using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>Shows when the certificate of each identity of this machine expires; 0 while there is none. On the control loop.</summary>
internal sealed class CertificateMetrics(MetricRegistry metrics, IdentityManager identities)
{
    private readonly Dictionary<SpiffeId, IDisposable> shown = [];

    public void Show(IReadOnlyCollection<SpiffeId> wanted)
    {
        foreach (var gone in shown.Keys.Except(wanted).ToList())
        {
            shown[gone].Dispose();
            shown.Remove(gone);
        }
        foreach (var id in wanted)
        {
            if (!shown.ContainsKey(id)) shown[id] = metrics.Observe(MeshMetrics.CertificateExpiry, new LabelSet(id.ToString()), () => ExpiryOf(id));
        }
    }

    private double ExpiryOf(SpiffeId id) =>
        identities.Status.FirstOrDefault(status => status.Identity == id)?.NotAfter?.ToUnixTimeSeconds() ?? 0;
}
