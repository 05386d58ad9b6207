using System.Text;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>The name of a field as each format writes it.</summary>
/// <param name="name">Lower case letters, digits and '_', not first.</param>
public sealed class AccessField(string name)
{
    private readonly byte[] json = Encoding.UTF8.GetBytes($",\"{name}\":");
    private readonly byte[] text = Encoding.UTF8.GetBytes($" {name}=");
    private readonly byte[] journal = Encoding.UTF8.GetBytes($"MESH_{name.ToUpperInvariant()}");

    /// <summary>,"name":</summary>
    internal ReadOnlySpan<byte> Json => json;

    /// <summary> name=, with a space before it.</summary>
    internal ReadOnlySpan<byte> Text => text;

    /// <summary>MESH_NAME</summary>
    public ReadOnlySpan<byte> Journal => journal;
}
