using Mesh.Io.Tls;

namespace Mesh.Proxy.Identity;

/// <summary>Certificates of the workloads on this machine. Implemented by Mesh.Control, which requests, renews and stores them.</summary>
public interface IIdentitySource
{
    /// <summary>The context in force, requesting a certificate if there is none yet. Waits at most the source's own bound.</summary>
    /// <exception cref="IdentityUnavailableException">The controller is away or refuses, and there is no valid certificate on disk.</exception>
    ValueTask<TlsContext> GetAsync(SpiffeId identity);
}

public sealed class IdentityUnavailableException(string reason, Exception? inner = null) : Exception(reason, inner);
