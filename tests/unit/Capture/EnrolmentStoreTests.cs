using System.Net;
using Mesh.Capture.Enrolments;
using Mesh.Netfilter;
using Mesh.NodeSocket;

namespace Mesh.Tests.Unit.Capture;

public sealed class EnrolmentStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-store-").FullName;
    private readonly List<string> unreadable = [];

    private static Enrolment Cart { get; } = new()
    {
        Namespace = "shop",
        Workload = "cart",
        Addresses = ["10.0.0.2", "fd00::2"],
        Attachment = new("c1", "eth0"),
        NamespacePath = "/run/netns/x",
        NamespaceInode = 42,
        Labels = new Dictionary<string, string> { ["app"] = "cart" },
        Capture = new() { ExcludeOutboundCidrs = [IPNetwork.Parse("10.0.0.0/8")] },
    };

    [Fact]
    public void Saved_enrolment_is_loaded_as_it_was_and_readable_by_the_owner_only()
    {
        Store().Save(Cart);
        var loaded = Assert.Single(Load());
        Assert.Equal(("shop/cart", 42UL, "10.0.0.0/8"), (loaded.Uid, loaded.NamespaceInode, loaded.Capture.ExcludeOutboundCidrs[0].ToString()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Record));
        Assert.Equal(CapturePorts.Default, loaded.Capture.Ports);
    }

    [Fact]
    public void Record_of_an_earlier_boot_is_removed()
    {
        new EnrolmentStore(folder, "earlier").Save(Cart);
        Assert.Empty(Load());
        Assert.False(File.Exists(Record));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"bootId":"now","enrolment":null}""")]
    public void Broken_record_is_reported_and_kept(string content)
    {
        var store = Store();
        store.Save(Cart);
        File.WriteAllText(Record, content);
        Assert.Empty(Load());
        Assert.Equal(Record, Assert.Single(unreadable));
        Assert.True(File.Exists(Record));
    }

    [Fact]
    public void Record_truncated_anywhere_never_loads()
    {
        Store().Save(Cart);
        var whole = File.ReadAllBytes(Record);
        for (int length = 0; length < whole.Length - 2; length++)
        {
            File.WriteAllBytes(Record, whole[..length]);
            Assert.Empty(Load());
        }
    }

    [Fact]
    public void Record_under_another_workload_s_name_is_not_used()
    {
        Store().Save(Cart);
        File.Move(Record, Record.Replace("cart", "bank"));
        Assert.Empty(Load());
        Assert.Single(unreadable);
    }

    [Fact]
    public void Retries_double_up_to_the_longest_and_are_shortened_by_half_at_most()
    {
        var schedule = new RetrySchedule(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), new Random(7));
        for (int attempt = 0; attempt < 100; attempt++)
        {
            double full = Math.Min(30, Math.Pow(2, Math.Min(attempt, 20)));
            Assert.InRange(schedule.Delay(attempt).TotalSeconds, full / 2, full);
        }
    }

    [Fact]
    public async Task Gate_admits_one_per_key_and_never_makes_other_keys_wait()
    {
        var gate = new KeyedGate();
        var first = await gate.EnterAsync("a");
        var second = gate.EnterAsync("a");
        (await gate.EnterAsync("b")).Dispose();
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    private string Record => Path.Combine(folder, "enrolments", "shop~cart.json");

    private EnrolmentStore Store() => new(folder, "now");

    private IReadOnlyList<Enrolment> Load() => Store().Load((path, _) => unreadable.Add(path));

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
