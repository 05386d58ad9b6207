using Mesh.Control.Config;

namespace Mesh.Tests.Fuzz.State;

/// <summary>The configuration on disk: whatever the bytes, it is read up to where it is consistent or not at all.</summary>
internal sealed class ConfigLogTarget : IFuzzTarget
{
    private static readonly CachedResource Resource = new("type.mesh.internal/mesh.config.v1.Service", "shop/cart", "1", Google.Protobuf.ByteString.Empty);

    public string Name => "config-log";

    public IEnumerable<byte[]> Seeds => [Log(1), Log(3)];

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        ConfigLog.Content? content;
        try
        {
            content = ConfigLog.Read(new MemoryStream(bytes));
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return; // sealed by somebody else than a meshd
        }
        if (content is null) return;
        Assert.InRange(content.Bytes, 1, bytes.Length);
        var again = ConfigLog.Read(new MemoryStream(bytes[..(int)content.Bytes]));
        Assert.True(again is { IsWhole: true } && again.Version == content.Version && again.Resources.Count == content.Resources.Count);
    }

    private static byte[] Log(int changes) =>
    [
        .. ConfigLog.Start(),
        .. Enumerable.Range(0, changes).SelectMany(static i => ConfigLog.Records([new ConfigChange(Resource.TypeUrl, Resource.Name, Resource)], $"v{i}")).SelectMany(static part => part),
    ];
}
