using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Ctl.Client;
using Mesh.Ctl.Output;

namespace Mesh.Ctl.Commands;

/// <param name="Namespace">Null: every namespace.</param>
/// <param name="Format">table, wide, json, yaml, name.</param>
internal sealed record GetOptions(string Kind, string? Name, string? Namespace, string? Selector, string Format, bool Watch);

internal static class GetCommand
{
    private static readonly JsonSerializerOptions indented = new() { WriteIndented = true };

    public static async Task<int> RunAsync(Session session, GetOptions options)
    {
        var type = await session.TypeAsync(options.Kind);
        if (options is { Name: not null, Namespace: null } && type.Namespaced)
            throw new UsageException("a name and all namespaces cannot be asked for together; give -n NAMESPACE");

        var path = type.Path(options.Namespace, options.Name);
        var query = options.Selector is null ? "" : $"?labelSelector={Uri.EscapeDataString(options.Selector)}";
        if (options.Watch)
            return await WatchAsync(session, type, options);

        var tables = options.Format is "table" or "wide";
        var answer = await session.Client.GetAsync(path + query, tables ? ApiClient.Table : null);
        if (tables)
            PrintTable(session, answer, options, type);
        else
            Print(session, answer, options.Format, type);

        return ExitCodes.Fine;
    }

    private static void PrintTable(Session session, JsonObject table, GetOptions options, ResourceType type)
    {
        if ((table["rows"] as JsonArray ?? []).Count == 0)
            session.Errors.WriteLine(options.Namespace is null || !type.Namespaced ? "No resources found." : $"No resources found in namespace {options.Namespace}.");
        else
            Columns.Print(session.Output, TableOutput.Rows(table, options.Format == "wide", type.Namespaced && options.Namespace is null, header: true));
    }

    private static void Print(Session session, JsonObject answer, string format, ResourceType type)
    {
        foreach (var item in answer["items"] as JsonArray ?? [])
            (item?["metadata"] as JsonObject)?.Remove("managedFields");
        (answer["metadata"] as JsonObject)?.Remove("managedFields"); // bookkeeping, longer than the resource

        switch (format)
        {
            case "json":
                session.Output.WriteLine(answer.ToJsonString(indented));
                break;
            case "yaml":
                YamlOutput.Print(session.Output, answer);
                break;
            default:
                foreach (var item in answer["items"] as JsonArray ?? [answer.DeepClone()])
                    session.Output.WriteLine(type.Label(item?["metadata"]?["name"]?.ToString() ?? ""));
                break;
        }
    }

    private static async Task<int> WatchAsync(Session session, ResourceType type, GetOptions options)
    {
        var fields = options.Name is null ? "" : $"&fieldSelector={Uri.EscapeDataString("metadata.name=" + options.Name)}";
        var labels = options.Selector is null ? "" : $"&labelSelector={Uri.EscapeDataString(options.Selector)}";
        var tables = options.Format is "table" or "wide";
        var first = true;
        await foreach (var happened in session.Client.WatchAsync(type.Path(options.Namespace) + "?watch=1" + fields + labels, tables ? ApiClient.Table : "application/json"))
        {
            var content = happened["object"] as JsonObject ?? [];
            if (happened["type"]?.ToString() == "ERROR")
                throw new ApiFailure(content["code"]?.GetValue<int>() ?? 0, content["message"]?.ToString() ?? "the watch failed");
            if (tables)
                Columns.Print(session.Output, TableOutput.Rows(content, options.Format == "wide", type.Namespaced && options.Namespace is null, first));
            else
                Print(session, content, options.Format, type);

            first = false;
        }

        return ExitCodes.Fine;
    }
}
