using System.Text;
using Mesh.Protocol.Config;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Reading;

namespace Mesh.Tests.Unit.Resources;

public sealed class ContractExampleTests
{
    private const string edge = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: http, port: 9500, protocol: HTTP } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: catalog, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules: [ { backendRefs: [ { name: catalog, port: 80 } ] } ]
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: catalog, namespace: default }
        spec: { selector: { app: catalog }, ports: [ { name: http, port: 80, targetPort: 9000, appProtocol: http } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: catalog-1, namespace: default, labels: { app: catalog } }
        spec: { addresses: [ 127.0.0.1 ], serviceAccount: catalog, tunnel: None }
        """;

    [Fact]
    public void Standalone_example_compiles_without_errors_to_listener_route_and_endpoint()
    {
        var loaded = ResourceLoader.Load(Encoding.UTF8.GetBytes(edge), "edge.yaml");
        Assert.Empty(loaded.Errors);
        var result = ResourceCompiler.Compile(ResourceSet.Of(loaded.Resources), new CompileOptions("cluster.local"));

        Assert.Empty(result.Problems);
        var gateway = (Gateway)result.Graph.OfType(TypeUrls.Gateway)["default/edge"].Message;
        Assert.Equal(9500u, Assert.Single(gateway.Listeners).Port);
        var route = (HttpRoute)result.Graph.OfType(TypeUrls.HttpRoute)["default/catalog"].Message;
        Assert.Equal("http", Assert.Single(route.Parents).Section);
        var backend = Assert.Single(Assert.Single(route.Rules).Backends);
        Assert.Equal(("default/catalog", 80u, 1u, ""), (backend.Service, backend.Port, backend.Weight, backend.InvalidReason));
        var workload = (Workload)result.Graph.OfType(TypeUrls.Workload)["default/catalog-1"].Message;
        Assert.Equal(9000u, Assert.Single(workload.Services["default/catalog"].Ports).TargetPort);
        Assert.Equal(Tunnel.None, workload.Tunnel);
    }
}
