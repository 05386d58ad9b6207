using System.Buffers;
using System.Text;
using Mesh.Io;

namespace Mesh.Kit.Simulation;

/// <summary>Looks for the payload marker between machines, also where it spans two pieces.</summary>
public sealed class WireWatch
{
    private readonly byte[] marker = Encoding.ASCII.GetBytes(SimulatedApp.Marker);
    private readonly Dictionary<(string, string, IpPort), byte[]> tails = [];

    public WireWatch(SimulatedNetwork network) => network.OnWire += Look;

    public long BytesSeen { get; private set; }

    /// <summary>Where it was seen; must stay empty.</summary>
    public List<string> Leaks { get; } = [];

    private void Look(string from, string to, IpPort destination, in ReadOnlySequence<byte> bytes)
    {
        var key = (from, to, destination);
        byte[] seen = [.. tails.GetValueOrDefault(key, []), .. bytes.ToArray()];
        BytesSeen += bytes.Length;
        if (seen.AsSpan().IndexOf(marker) >= 0) Leaks.Add($"plaintext from {from} to {to}, destination {destination}");
        tails[key] = seen[^Math.Min(seen.Length, marker.Length - 1)..];
    }
}
