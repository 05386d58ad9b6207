using System.Buffers;
using System.Text;
using Mesh.Io;

namespace Mesh.Kit.Simulation;

/// <summary>Looks for the payload marker in what machines of the mesh send to other machines, also where it spans two pieces.
/// What strangers send in the clear is their own affair.</summary>
public sealed class WireWatch
{
    private readonly byte[] marker = Encoding.ASCII.GetBytes(SimulatedApp.Marker);
    private readonly Dictionary<(string, string, IpPort), byte[]> tails = [];

    private readonly Func<string, bool> isOfMesh;

    /// <param name="isOfMesh">Whether that machine is one of the mesh.</param>
    public WireWatch(SimulatedNetwork network, Func<string, bool> isOfMesh)
    {
        this.isOfMesh = isOfMesh;
        network.OnWire += Look;
    }

    public long BytesSeen { get; private set; }

    /// <summary>Where it was seen; must stay empty.</summary>
    public List<string> Leaks { get; } = [];

    private void Look(string from, string to, IpPort destination, in ReadOnlySequence<byte> bytes)
    {
        if (!isOfMesh(from)) return;
        var key = (from, to, destination);
        byte[] seen = [.. tails.GetValueOrDefault(key, []), .. bytes.ToArray()];
        BytesSeen += bytes.Length;
        if (seen.AsSpan().IndexOf(marker) >= 0) Leaks.Add($"plaintext from {from} to {to}, destination {destination}");
        tails[key] = seen[^Math.Min(seen.Length, marker.Length - 1)..];
    }
}
