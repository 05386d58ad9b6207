using System.Net;
using Mesh.Cni.Spec;
using Mesh.Netfilter;
using Mesh.Netfilter.Namespaces;
using Mesh.Netfilter.Netlink;

namespace Mesh.Cni.Workloads;

/// <summary>The workload's network namespace, and everything that the plugin does inside it.</summary>
internal sealed class WorkloadNamespace : IDisposable
{
    private WorkloadNamespace(string path, NetworkNamespace network) => (Path, Network) = (path, network);

    internal string Path { get; }

    internal NetworkNamespace Network { get; }

    /// <exception cref="CniException">Code 4: missing, not a namespace, or the machine's own, whose capture would cut the machine off.</exception>
    internal static WorkloadNamespace Open(string path)
    {
        NetworkNamespace network;
        try
        {
            network = NetworkNamespace.Open(path);
        }
        catch (NamespaceMissingException error)
        {
            throw new CniException(CniErrorCode.InvalidEnvironment, $"CNI_NETNS: {error.Message}");
        }
        using var own = NetworkNamespace.OpenCurrent();
        if (own.Id != network.Id) return new(path, network);
        network.Dispose();
        throw new CniException(CniErrorCode.InvalidEnvironment, $"CNI_NETNS={path} is the machine's own network namespace; only workloads with one of their own are captured");
    }

    /// <summary>The workload's addresses: those named, which the namespace must hold, or, when none are named, all that it holds.</summary>
    /// <exception cref="CniException">Code 7.</exception>
    internal IReadOnlyList<IPAddress> Addresses(IReadOnlyList<IPAddress> named)
    {
        IReadOnlyList<IPAddress> held;
        using (Network.Enter()) held = InterfaceAddresses.Global();
        if (named.Count == 0 && held.Count == 0)
            throw new CniException(CniErrorCode.InvalidNetworkConfig, $"{Path} has no address: chain mesh-cni after a plugin that configures an interface");
        var foreign = new List<IPAddress>();
        foreach (var address in named)
        {
            if (!IsHeld(held, address)) foreign.Add(address);
        }
        if (foreign.Count == 0) return named.Count > 0 ? named : held;
        throw new CniException(CniErrorCode.InvalidNetworkConfig,
            $"prevResult names {string.Join(", ", foreign)}, which {Path} does not hold", $"it holds {string.Join(", ", held)}");
    }

    private static bool IsHeld(IReadOnlyList<IPAddress> held, IPAddress address)
    {
        foreach (var known in held)
        {
            if (known.Equals(address)) return true;
        }
        return false;
    }

    /// <param name="meanwhile">What this thread does while the rules are set; must not throw.</param>
    /// <returns>True when the namespace was open before.</returns>
    /// <exception cref="CniException">Code 100.</exception>
    internal bool Capture(CaptureOptions options, Action meanwhile)
    {
        try
        {
            using (Network.Enter()) return NamespaceRules.Apply(options, meanwhile);
        }
        catch (CaptureException error)
        {
            throw new CniException(CniErrorCode.CaptureFailed, $"{Path}: {error.Message}");
        }
    }

    /// <exception cref="CniException">Code 100.</exception>
    internal void Release()
    {
        try
        {
            using (Network.Enter()) NamespaceRules.Remove();
        }
        catch (CaptureException error)
        {
            throw new CniException(CniErrorCode.CaptureFailed, $"{Path}: {error.Message}");
        }
    }

    /// <exception cref="CniException">Code 102, with every difference in the details.</exception>
    internal void Verify(CaptureOptions options)
    {
        IReadOnlyList<string> differences;
        try
        {
            using (Network.Enter()) differences = NamespaceRules.Verify(options);
        }
        catch (CaptureException error)
        {
            throw new CniException(CniErrorCode.CaptureFailed, $"{Path}: {error.Message}");
        }
        if (differences.Count == 0) return;
        throw new CniException(CniErrorCode.CaptureDamaged, $"{Path}: redirection differs from what was set up: {differences[0]}", string.Join("; ", differences));
    }

    public void Dispose() => Network.Dispose();
}
