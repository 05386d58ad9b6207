using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Wire = Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Translation;

/// <summary>Translating changes must give what translating everything gives, and cost what the change concerns.</summary>
public sealed class IncrementalTranslationTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_changes_one_after_the_other_give_what_the_whole_gives(int seed)
    {
        var random = new Random(seed);
        var mesh = new RandomMesh(random);
        var incremental = Translator();
        var resources = new SortedDictionary<string, ConfigChange>(StringComparer.Ordinal);
        for (int step = 0; step < 120; step++)
        {
            var changes = Enumerable.Range(0, 1 + random.Next(step == 0 ? 60 : 3)).Select(_ => Change(random, mesh, resources)).ToList();
            string trustDomain = step % 50 < 40 ? "first" : "second";
            var actual = incremental.Apply(changes, trustDomain);
            var whole = Translator().Apply([.. resources.Values.OrderBy(_ => random.Next())], trustDomain);
            Assert.Equal(SnapshotText.Of(whole), SnapshotText.Of(actual));
            SnapshotText.AssertConsistent(actual);
            Assert.Equal(whole.WorkloadsByAddress.Count, actual.WorkloadsByAddress.Count);
            Assert.Equal(whole.ServicesByHost.Count, actual.ServicesByHost.Count);
        }
    }

    [Fact]
    public void Change_of_one_endpoint_makes_one_workload_and_one_service_anew_and_keeps_the_other_objects()
    {
        var (translator, before) = Hundred();
        var work = translator.Work;

        var sick = Workload(7);
        sick.Health = Health.Unhealthy;
        var after = translator.Apply([ConfigChanges.Of(sick)], "t");

        Assert.Equal((1, 1, 0), Difference(work, translator.Work));
        Assert.Equal(9, after.FindServicePort("shop/s0", 80)!.Endpoints.Length);
        Assert.Same(before.ServicesByKey["shop/s1"], after.ServicesByKey["shop/s1"]);
        Assert.Same(before.WorkloadsByUid["shop/w008"], after.WorkloadsByUid["shop/w008"]);
        Assert.Same(before.FindServicePort("shop/s0", 80)!.Endpoints[0], after.FindServicePort("shop/s0", 80)!.Endpoints[0]);
    }

    [Fact]
    public void Change_of_a_service_that_its_workloads_do_not_notice_makes_none_of_them_anew()
    {
        var (translator, _) = Hundred();
        var work = translator.Work;

        var moved = Service(3);
        moved.Addresses.Add(ByteString.CopyFrom(240, 240, 9, 9));
        var after = translator.Apply([ConfigChanges.Of(moved)], "t");

        Assert.Equal((0, 1, 1), Difference(work, translator.Work));
        Assert.Equal("shop/s3", after.ServicesByAddress[Ip.Parse("240.240.9.9")].Key);
    }

    [Fact]
    public void New_protocol_of_a_service_reaches_the_workloads_behind_it_only()
    {
        var (translator, _) = Hundred();
        var work = translator.Work;

        var tcp = Service(3);
        tcp.Ports[0].AppProtocol = Wire.AppProtocol.Tcp;
        var after = translator.Apply([ConfigChanges.Of(tcp)], "t");

        Assert.Equal((10, 1, 1), Difference(work, translator.Work));
        Assert.Equal(Mesh.Proxy.Configuration.AppProtocol.Tcp, after.WorkloadsByUid["shop/w030"].Ports[8080].Protocol);
    }

    [Fact]
    public void Policy_for_one_service_makes_its_workloads_anew_and_a_route_its_service()
    {
        var (translator, _) = Hundred();
        var work = translator.Work;

        translator.Apply([ConfigChanges.Of(new AccessPolicy { Namespace = "shop", Name = "p", Targets = { new Target { Service = "shop/s2" } } })], "t");
        Assert.Equal((10, 1, 0), Difference(work, translator.Work));

        work = translator.Work;
        translator.Apply([ConfigChanges.Of(new TcpRoute { Namespace = "shop", Name = "r", Parents = { new ParentRef { Name = "shop/s2" } } })], "t");
        Assert.Equal((0, 1, 1), Difference(work, translator.Work));
    }

    [Fact]
    public void Workloads_under_the_same_policies_share_one_object()
    {
        var (translator, _) = Hundred();
        var after = translator.Apply([ConfigChanges.Of(new AccessPolicy { Namespace = "shop", Name = "p", Targets = { new Target() } })], "t");
        Assert.Single(after.WorkloadsByUid.Values.Select(static w => w.Policy).Distinct());
        Assert.Single(after.WorkloadsByUid.Values.Select(static w => w.Identity).Distinct(ReferenceEqualityComparer.Instance));
    }

    private static (long, long, long) Difference((long, long, long) before, (long, long, long) after) =>
        (after.Item1 - before.Item1, after.Item2 - before.Item2, after.Item3 - before.Item3);

    private static SnapshotTranslator Translator() => new(1, new Random(1));

    /// <summary>Ten services of ten workloads each.</summary>
    private static (SnapshotTranslator, Snapshot) Hundred()
    {
        var translator = Translator();
        var messages = Enumerable.Range(0, 100).Select(IMessage (i) => Workload(i)).Concat(Enumerable.Range(0, 10).Select(Service));
        return (translator, translator.Apply([.. messages.Select(ConfigChanges.Of)], "t"));
    }

    private static Workload Workload(int i) => new()
    {
        Namespace = "shop",
        Name = $"w{i:d3}",
        ServiceAccount = "sa",
        Weight = 1,
        Addresses = { ByteString.CopyFrom(10, 0, 0, (byte)i) },
        Services = { [$"shop/s{i / 10}"] = new ServicePorts { Ports = { new PortMapping { ServicePort = 80, TargetPort = 8080 } } } },
    };

    private static Service Service(int i) => new()
    {
        Namespace = "shop",
        Name = $"s{i}",
        Hostnames = { $"s{i}.shop.mesh" },
        Addresses = { ByteString.CopyFrom(240, 240, 0, (byte)i) },
        Ports = { new ServicePort { Name = "http", Port = 80, AppProtocol = Wire.AppProtocol.Http } },
    };

    private static ConfigChange Change(Random random, RandomMesh mesh, SortedDictionary<string, ConfigChange> resources)
    {
        bool remove = random.Next(3) == 0 && resources.Count > 0;
        var change = remove ? resources.Values.ElementAt(random.Next(resources.Count)) with { Resource = null } : ConfigChanges.Of(mesh.Next());
        string key = change.TypeUrl + change.Name;
        if (remove) resources.Remove(key);
        else resources[key] = change;
        return change;
    }
}
