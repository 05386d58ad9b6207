using System.Text;
using System.Text.Json.Nodes;
using Mesh.Resources.Reading;

namespace Mesh.Tests.Fuzz.Resources;

/// <summary>Documents of the API and of files: every fault is an error with a message, and what is valid reads back from JSON.</summary>
internal sealed class ResourceTarget(bool json) : IFuzzTarget
{
    private const string Route = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: cart, namespace: shop, labels: {a: b}}
        spec:
          parentRefs: [{group: "", kind: Service, name: cart, port: 80}]
          rules:
            - matches: [{path: {type: PathPrefix, value: /x}, headers: [{name: a, value: b}]}]
              timeouts: {request: 10s}
              backendRefs: [{name: cart-v1, port: 80, weight: 9}, {name: cart-v2, port: 80, weight: 1}]
        """;

    private const string Service = """
        # a list, anchors and scalars of every kind
        apiVersion: v1
        kind: List
        items:
          - &service
            apiVersion: v1
            kind: Service
            metadata: {name: cart, namespace: shop}
            spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 0x1F90, appProtocol: http}]}
          - *service
          - {a: ~, b: 1e3, c: .inf, d: "\u00e4", e: 'it''s', f: !!str 7, g: |
             text}
        ---
        kind: Service
        """;

    public string Name => json ? "resource-json" : "resource-yaml";

    public IEnumerable<byte[]> Seeds => json
        ?
        [
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"cart","namespace":"shop"},"spec":{"ports":[{"name":"http","port":80}]}}"""u8.ToArray(),
            """{"apiVersion":"v1","kind":"List","items":[{"kind":"Service","metadata":{"name":"\u00e4\ud83d\ude00"}},null,true,1.5e3,-0,[[]],"x"]}"""u8.ToArray(),
        ]
        : [Encoding.UTF8.GetBytes(Route), Encoding.UTF8.GetBytes(Service)];

    public void Run(ReadOnlySpan<byte> input)
    {
        var loaded = ResourceLoader.Load(input, "input", json);
        foreach (var error in loaded.Errors) Assert.False(string.IsNullOrWhiteSpace(error.ToString()));
        foreach (var resource in loaded.Resources)
        {
            string text = resource.Document.ToJsonString();
            var again = ResourceLoader.Load(Encoding.UTF8.GetBytes(text), "again", json: true);
            Assert.Empty(again.Errors);
            Assert.True(JsonNode.DeepEquals(resource.Document, Assert.Single(again.Resources).Document), text);
        }
    }
}
