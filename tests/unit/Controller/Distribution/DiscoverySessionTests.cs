using Google.Protobuf.WellKnownTypes;
using Mesh.Controller.Distribution;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Protocol.Discovery;
using Mesh.Protocol.Grpc;
using Mesh.Resources.Compile;

namespace Mesh.Tests.Unit.Controller.Distribution;

public sealed class DiscoverySessionTests
{
    private readonly TestGraph graph = new();
    private readonly DiscoverySession session;

    public DiscoverySessionTests() => session = NewSession();

    [Fact]
    public void Wildcard_subscription_is_sent_everything_then_only_what_changed()
    {
        Push(Service("a"), Service("b"));
        Subscribe();
        Assert.Equal(["a", "b"], Sent(Expect()));
        Acknowledge("1");

        Push(Service("b", "changed.mesh"));
        Assert.Equal(["b"], Sent(Expect()));
    }

    [Fact]
    public void Empty_type_is_answered_so_that_the_node_knows()
    {
        Subscribe();

        var response = Expect();
        Assert.Empty(response.Resources);
        Assert.NotEmpty(response.SystemVersionInfo);
        Assert.Null(session.Next());
    }

    [Fact]
    public void Removed_resource_is_named()
    {
        Push(Service("a"), Service("b"));
        Subscribe();
        Acknowledge(Expect().Nonce);

        graph.Remove<Service>("shop/a");
        session.Update(PushedGraph.Of(graph.Current));

        Assert.Equal(["shop/a"], Expect().RemovedResources);
    }

    [Fact]
    public void Reconnect_with_known_versions_gets_the_difference_only()
    {
        Push(Service("same"), Service("changed", "new.mesh"), Service("added"));
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service };
        request.InitialResourceVersions.Add("shop/same", graph.Current.OfType(TypeUrls.Service)["shop/same"].Version);
        request.InitialResourceVersions.Add("shop/changed", "old");
        request.InitialResourceVersions.Add("shop/vanished", "old");
        session.Receive(request);

        var response = Expect();
        Assert.Equal(["added", "changed"], Sent(response));
        Assert.Equal(["shop/vanished"], response.RemovedResources);
    }

    [Fact]
    public void Changes_while_a_response_is_outstanding_are_merged_into_the_next()
    {
        Push(Service("a"));
        Subscribe();
        string nonce = Expect().Nonce;

        Push(Service("b"));
        Push(Service("b", "newer.mesh"));
        Push(Service("c"));
        Assert.Null(session.Next());

        Acknowledge(nonce);
        Assert.Equal(["b", "c"], Sent(Expect()));
    }

    [Fact]
    public void Rejected_resource_is_recorded_alone_and_not_sent_again_until_it_changes()
    {
        Push(Service("good"), Service("bad"));
        Subscribe();
        Reject(Expect().Nonce, "shop/bad", "no such thing");

        var rejected = Assert.Single(session.Rejected);
        Assert.Equal(("shop/bad", "no such thing"), (rejected.Name, rejected.Reason));
        Assert.Equal(1, session.RejectionCount);
        Assert.Null(session.Next());

        Push(Service("bad", "fixed.mesh"));
        Acknowledge(Expect().Nonce);
        Assert.Empty(session.Rejected);
    }

    [Fact]
    public void Rejection_without_details_is_of_every_resource_in_the_response()
    {
        Push(Service("a"), Service("b"));
        Subscribe();
        session.Receive(new DeltaDiscoveryRequest
        {
            TypeUrl = TypeUrls.Service,
            ResponseNonce = Expect().Nonce,
            ErrorDetail = new Status { Message = "all bad" },
        });

        Assert.Equal(["shop/a", "shop/b"], session.Rejected.Select(static rejected => rejected.Name).Order());
    }

    [Fact]
    public void Stale_nonce_acknowledges_nothing()
    {
        Push(Service("a"));
        Subscribe();
        Expect();
        Push(Service("b"));

        Acknowledge("not-it");

        Assert.Null(session.Next());
        Assert.Null(session.AppliedVersion);
    }

    [Fact]
    public void Subscription_by_name_is_sent_those_and_told_which_do_not_exist()
    {
        Push(Service("a"), Service("b"));
        Subscribe("shop/a", "shop/missing");

        var response = Expect();
        Assert.Equal(["a"], Sent(response));
        Assert.Equal(["shop/missing"], response.RemovedResources);
        Acknowledge(response.Nonce);

        Push(Service("missing"));
        Assert.Equal(["missing"], Sent(Expect()));
    }

    [Fact]
    public void Star_subscribed_and_unsubscribed_at_once_is_a_subscription_to_nothing()
    {
        Push(Service("a"));
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service };
        request.ResourceNamesSubscribe.Add("*");
        request.ResourceNamesUnsubscribe.Add("*");
        session.Receive(request);

        Assert.Empty(Expect().Resources);
    }

    [Fact]
    public void Unsubscribed_name_is_sent_no_more()
    {
        Push(Service("a"), Service("b"));
        Subscribe("shop/a", "shop/b");
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service, ResponseNonce = Expect().Nonce };
        request.ResourceNamesUnsubscribe.Add("shop/a");
        session.Receive(request);

        Push(Service("a", "changed.mesh"), Service("b", "changed.mesh"));
        Assert.Equal(["b"], Sent(Expect()));
    }

    [Fact]
    public void Large_configuration_comes_in_parts_of_which_only_the_last_has_the_version()
    {
        var small = NewSession(new DiscoveryLimits { ResponseBytes = 1 });
        graph.Set(Service("a"), Service("b"), Service("c"));
        small.Update(PushedGraph.Of(graph.Current));
        small.Receive(new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service });

        var versions = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            var part = small.Next()!;
            Assert.Single(part.Resources);
            Assert.Null(small.Next());
            versions.Add(part.SystemVersionInfo);
            small.Receive(new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service, ResponseNonce = part.Nonce });
        }
        Assert.Equal(["", "", PushedGraph.Of(graph.Current).Version], versions);
        Assert.Equal(versions[2], small.AppliedVersion);
    }

    [Fact]
    public void Policies_are_sent_before_workloads_whatever_was_asked_first()
    {
        Push(new Workload { Namespace = "shop", Name = "w" }, new AccessPolicy { Namespace = "shop", Name = "p" });
        session.Receive(new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Workload });
        session.Receive(new DeltaDiscoveryRequest { TypeUrl = TypeUrls.AccessPolicy });

        Assert.Equal(TypeUrls.AccessPolicy, Expect().TypeUrl);
        Assert.Equal(TypeUrls.Workload, Expect().TypeUrl);
    }

    [Fact]
    public void Applied_version_is_that_of_the_graph_once_everything_is_acknowledged()
    {
        Push(Service("a"));
        Subscribe();
        string nonce = Expect().Nonce;
        Assert.Null(session.AppliedVersion);
        Acknowledge(nonce);
        Assert.Equal(PushedGraph.Of(graph.Current).Version, session.AppliedVersion);
    }

    [Fact]
    public void Too_many_types_or_names_end_the_stream()
    {
        var limited = NewSession(new DiscoveryLimits { Types = 1, Names = 2 });
        limited.Receive(new DeltaDiscoveryRequest { TypeUrl = "a" });
        Assert.Throws<GrpcException>(() => limited.Receive(new DeltaDiscoveryRequest { TypeUrl = "b" }));

        var names = new DeltaDiscoveryRequest { TypeUrl = "a" };
        names.ResourceNamesSubscribe.AddRange(["1", "2", "3"]);
        var error = Assert.Throws<GrpcException>(() => limited.Receive(names));
        Assert.Equal(GrpcStatusCode.ResourceExhausted, error.Status.Code);
    }

    private DiscoverySession NewSession(DiscoveryLimits? limits = null) => new(PushedGraph.Of(graph.Current), limits ?? new DiscoveryLimits());

    private static Service Service(string name, string? hostname = null)
    {
        var service = new Service { Namespace = "shop", Name = name };
        if (hostname is not null) service.Hostnames.Add(hostname);
        return service;
    }

    private void Push(params Google.Protobuf.IMessage[] messages)
    {
        graph.Set(messages);
        session.Update(PushedGraph.Of(graph.Current));
    }

    private void Subscribe(params string[] names)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service };
        request.ResourceNamesSubscribe.AddRange(names);
        session.Receive(request);
    }

    private void Acknowledge(string nonce) => session.Receive(new DeltaDiscoveryRequest { TypeUrl = TypeUrls.Service, ResponseNonce = nonce });

    private void Reject(string nonce, string name, string reason) => session.Receive(new DeltaDiscoveryRequest
    {
        TypeUrl = TypeUrls.Service,
        ResponseNonce = nonce,
        ErrorDetail = new Status { Message = "1 rejected", Details = { Any.Pack(new RejectedResource { Name = name, Reason = reason }) } },
    });

    private DeltaDiscoveryResponse Expect() => session.Next() ?? throw new InvalidOperationException("there is no response");

    private static IEnumerable<string> Sent(DeltaDiscoveryResponse response) =>
        response.Resources.Select(static resource => resource.Name["shop/".Length..]).Order();
}
