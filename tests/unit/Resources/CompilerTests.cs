using System.Net;
using Mesh.Protocol.Config;
using Mesh.Resources;
using Mesh.Resources.Compile;

namespace Mesh.Tests.Unit.Resources;

public sealed class CompilerTests
{
    private const string shop = """
        apiVersion: v1
        kind: Service
        metadata: { name: catalog, namespace: shop }
        spec: { selector: { app: catalog }, ports: [ { name: http, port: 80, targetPort: web }, { name: tcp-raw, port: 90, targetPort: 9001 } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: catalog-1, namespace: shop, labels: { app: catalog, version: v1 } }
        spec: { addresses: [ 10.0.0.1, "fd00::1" ], node: n1, serviceAccount: catalog, ports: { web: 9000 } }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: catalog-2, namespace: shop, labels: { app: catalog } }
        spec: { addresses: [ 10.0.0.2 ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: catalog-3, namespace: other, labels: { app: catalog } }
        spec: { addresses: [ 10.0.0.3 ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Node
        metadata: { name: n1 }
        spec: { locality: { region: eu } }
        """;

    [Fact]
    public void Selected_workload_maps_named_and_numbered_ports_and_inherits_its_nodes_locality()
    {
        var workload = Documents.Message<Workload>(Documents.Compile(shop), TypeUrls.Workload, "shop/catalog-1");

        Assert.Equal([(80u, 9000u), (90u, 9001u)], workload.Services["shop/catalog"].Ports.Select(port => (port.ServicePort, port.TargetPort)));
        Assert.Equal([4, 16], workload.Addresses.Select(address => address.Length));
        Assert.Equal(("catalog", "cluster.local", "eu", 15008u, 1u), (workload.ServiceAccount, workload.TrustDomain, workload.Locality.Region, workload.TunnelPort, workload.Weight));
    }

    [Fact]
    public void Named_port_that_a_workload_lacks_is_not_served_by_it() =>
        Assert.Equal([90u], Documents.Message<Workload>(Documents.Compile(shop), TypeUrls.Workload, "shop/catalog-2").Services["shop/catalog"].Ports.Select(port => port.ServicePort));

    [Fact]
    public void Selector_does_not_reach_into_another_namespace() =>
        Assert.Empty(Documents.Message<Workload>(Documents.Compile(shop), TypeUrls.Workload, "other/catalog-3").Services);

    [Fact]
    public void Service_gets_name_virtual_addresses_and_protocols()
    {
        var service = Documents.Message<Service>(Documents.Compile(shop), TypeUrls.Service, "shop/catalog");

        Assert.Equal(["catalog.shop.mesh"], service.Hostnames);
        Assert.Equal([AppProtocol.Http, AppProtocol.Tcp], service.Ports.Select(port => port.AppProtocol));
        Assert.Equal([240, 240], service.Addresses[0].ToByteArray()[..2]);
        Assert.Equal(service.Addresses[0].ToByteArray()[2..], service.Addresses[1].ToByteArray()[14..]);
    }

    [Fact]
    public void Order_of_resources_does_not_change_a_byte()
    {
        var set = Documents.Set(shop);
        var forward = ResourceCompiler.Compile(ResourceSet.Of(set.All), new CompileOptions("cluster.local"));
        var backward = ResourceCompiler.Compile(ResourceSet.Of(set.All.Reverse()), new CompileOptions("cluster.local"));

        foreach (var url in TypeUrls.All)
            Assert.Equal(forward.Graph.OfType(url).Select(entry => (entry.Key, entry.Value.Version)).Order(), backward.Graph.OfType(url).Select(entry => (entry.Key, entry.Value.Version)).Order());
    }

    [Fact]
    public void Unchanged_types_and_resources_keep_their_objects()
    {
        var set = Documents.Set(shop);
        var first = ResourceCompiler.Compile(set, new CompileOptions("cluster.local")).Graph;
        var second = ResourceCompiler.Compile(set.Without(new ResourceKey("mesh.internal", "Workload", "other", "catalog-3")), new CompileOptions("cluster.local"), first).Graph;

        Assert.Same(first.OfType(TypeUrls.Service), second.OfType(TypeUrls.Service));
        Assert.NotSame(first.OfType(TypeUrls.Workload), second.OfType(TypeUrls.Workload));
        Assert.Same(first.OfType(TypeUrls.Workload)["shop/catalog-1"], second.OfType(TypeUrls.Workload)["shop/catalog-1"]);
    }

    [Fact]
    public void A_thousand_services_get_different_addresses_and_recorded_ones_stay()
    {
        var services = string.Join("\n---\n", Enumerable.Range(0, 1000).Select(i => $"apiVersion: v1\nkind: Service\nmetadata: {{ name: s{i} }}\nspec: {{ ports: [ {{ port: 80 }} ] }}"));
        var taken = Documents.Compile(services).Graph.OfType(TypeUrls.Service)["default/s7"].Message is Service seven ? new IPAddress(seven.Addresses[0].ToByteArray()).ToString() : "";
        var claimed = services + $"\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: zz }}\nspec: {{ ports: [ {{ port: 80 }} ] }}\nstatus: {{ virtualAddresses: [ {taken} ] }}";

        var compiled = Documents.Compile(claimed).Graph.OfType(TypeUrls.Service).Values.Select(resource => (Service)resource.Message).ToList();

        Assert.Equal(1001, compiled.Select(service => service.Addresses[0]).Distinct().Count());
        Assert.Equal(taken, new IPAddress(compiled.Single(service => service.Name == "zz").Addresses[0].ToByteArray()).ToString());
    }

    [Fact]
    public void Headless_service_has_no_address_and_given_address_is_kept()
    {
        var result = Documents.Compile("apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { clusterIP: None, ports: [ { port: 80 } ] }\n---\n"
            + "apiVersion: v1\nkind: Service\nmetadata: { name: b }\nspec: { clusterIP: 10.9.9.9, ports: [ { port: 80 } ] }");

        Assert.Empty(Documents.Message<Service>(result, TypeUrls.Service, "default/a").Addresses);
        Assert.Equal([10, 9, 9, 9], Assert.Single(Documents.Message<Service>(result, TypeUrls.Service, "default/b").Addresses).ToByteArray());
    }
}
