using Mesh.Io.Tls;
using Mesh.Proxy.Identity;

namespace Mesh.Daemon.Composition;

/// <summary>Without a controller there is nobody to sign certificates.</summary>
internal sealed class NoIdentities : IIdentitySource
{
    public ValueTask<TlsContext> GetAsync(SpiffeId identity) =>
        throw new IdentityUnavailableException($"there is no certificate for {identity}: this daemon runs without a controller");
}
