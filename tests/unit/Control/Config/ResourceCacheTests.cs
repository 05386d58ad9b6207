using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Control.Config;

public sealed class ResourceCacheTests
{
    private static readonly string serviceUrl = ConfigTypes.UrlOf(Service.Descriptor);
    private readonly ResourceCache cache = new(static (_, _, message) => message is Service { Namespace: "bad" } ? "bad namespace" : null);
    private int changes;

    public ResourceCacheTests() => cache.Changed += _ => changes++;

    [Fact]
    public void Change_is_silent_until_every_type_was_received_completely()
    {
        foreach (string url in ConfigTypes.Urls.SkipLast(1)) cache.Apply(url, [], [], "v1");
        Assert.False(cache.IsComplete);
        Assert.Equal(0, changes);

        cache.Apply(ConfigTypes.Urls[^1], [], [], null);
        Assert.Equal(0, changes);
        cache.Apply(ConfigTypes.Urls[^1], [], [], "v1");
        Assert.True(cache.IsComplete);
        Assert.Equal(1, changes);
    }

    [Fact]
    public void Refused_resource_leaves_the_last_good_one_in_force()
    {
        Complete();
        cache.Apply(serviceUrl, [Entry("a", "1", new Service { Name = "good" })], [], "v2");

        var refused = cache.Apply(serviceUrl, [Entry("a", "2", new Service { Namespace = "bad" }), Entry("b", "1", new Service())], [], "v3");

        Assert.Equal("bad namespace", Assert.Single(refused).Reason);
        Assert.Equal("1", cache.OfType(serviceUrl)["a"].Version);
        Assert.True(cache.OfType(serviceUrl).ContainsKey("b"));
        Assert.Single(cache.Rejected);
        Assert.Equal(1, cache.RejectionCount);
    }

    [Fact]
    public void Rejection_ends_with_a_good_version_or_with_the_resource()
    {
        Complete();
        cache.Apply(serviceUrl, [Entry("a", "1", new Service { Namespace = "bad" }), Entry("b", "1", new Service { Namespace = "bad" })], [], "v2");
        cache.Apply(serviceUrl, [Entry("a", "2", new Service())], ["b"], "v3");

        Assert.Empty(cache.Rejected);
    }

    [Fact]
    public void Bytes_that_are_no_such_message_are_refused()
    {
        Complete();
        var refused = cache.Apply(serviceUrl, [("a", "1", ByteString.CopyFrom(0x0A, 0x7F))], [], "v2");

        Assert.Contains("cannot be decoded", Assert.Single(refused).Reason);
        Assert.Empty(cache.OfType(serviceUrl));
    }

    [Fact]
    public void Replacing_removes_what_is_not_there_any_more()
    {
        Complete();
        cache.Apply(serviceUrl, [Entry("a", "1", new Service()), Entry("b", "1", new Service())], [], "v2");

        cache.Replace([(serviceUrl, "b", "2", new Service().ToByteString())], "v3");

        Assert.Equal(["b"], cache.OfType(serviceUrl).Keys);
        Assert.Equal("v3", cache.Version);
    }

    private void Complete()
    {
        foreach (string url in ConfigTypes.Urls) cache.Apply(url, [], [], "v1");
    }

    private static (string, string, ByteString) Entry(string name, string version, Service service) => (name, version, service.ToByteString());
}
