using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Mesh.Cni.Spec;

/// <summary>Writes what the plugin answers: results in the requested version, errors, versions.</summary>
internal static class ResultWriter
{
    private static readonly JsonWriterOptions Options = new() { Indented = false, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Fields that a version does not know; plugins later in the chain may reject them.
    private static readonly string[] InterfaceFieldsSince11 = ["mtu", "socketPath", "pciID"];
    private static readonly string[] RouteFieldsSince11 = ["mtu", "advmss", "priority", "table", "scope"];

    /// <summary>Passes the result on: byte for byte when it is of the requested version already.</summary>
    /// <exception cref="CniException">Code 1: a result of a version that cannot be converted.</exception>
    internal static void WriteResult(Stream output, JsonElement? previous, string version)
    {
        if (previous is not { } result)
        {
            Write(output, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("cniVersion", version);
                writer.WriteEndObject();
            });
            return;
        }
        string resultVersion = NetworkConfigReader.Version(result) ?? version;
        if (!CniVersions.CanConvertResult(resultVersion))
            throw new CniException(CniErrorCode.IncompatibleVersion, $"a prevResult of version '{resultVersion}' cannot be converted to {version}");
        if (resultVersion == version)
        {
            output.Write(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(result));
            output.Write("\n"u8);
            return;
        }
        Write(output, writer => Convert(writer, result, version));
    }

    internal static void WriteError(Stream output, string version, CniException error) => Write(output, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("cniVersion", version);
        writer.WriteNumber("code", (int)error.Code);
        writer.WriteString("msg", error.Message);
        if (error.Details.Length > 0) writer.WriteString("details", error.Details);
        writer.WriteEndObject();
    });

    internal static void WriteVersions(Stream output, string version) => Write(output, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("cniVersion", version);
        writer.WriteStartArray("supportedVersions");
        foreach (string supported in CniVersions.Supported) writer.WriteStringValue(supported);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void Convert(Utf8JsonWriter writer, JsonElement result, string version)
    {
        writer.WriteStartObject();
        writer.WriteString("cniVersion", version);
        foreach (var property in result.EnumerateObject())
        {
            switch (property.Name)
            {
                case "cniVersion":
                    break;
                case "ips":
                    WriteItems(writer, property, (inner, item) => WriteAddress(inner, item, version));
                    break;
                case "interfaces" when version != CniVersions.Latest:
                    WriteItems(writer, property, static (inner, item) => WriteWithout(inner, item, InterfaceFieldsSince11));
                    break;
                case "routes" when version != CniVersions.Latest:
                    WriteItems(writer, property, static (inner, item) => WriteWithout(inner, item, RouteFieldsSince11));
                    break;
                default:
                    property.WriteTo(writer);
                    break;
            }
        }
        writer.WriteEndObject();
    }

    /// <summary>Up to 0.4.0 each address says its own IP version; later ones do not.</summary>
    private static void WriteAddress(Utf8JsonWriter writer, JsonElement item, string version)
    {
        writer.WriteStartObject();
        if (CniVersions.HasAddressVersions(version))
        {
            string address = item.TryGetProperty("address", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            bool isV6 = IPAddress.TryParse(address.Split('/')[0], out var parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6;
            writer.WriteString("version", isV6 ? "6" : "4");
        }
        foreach (var property in item.EnumerateObject())
        {
            if (property.Name != "version") property.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    private static void WriteWithout(Utf8JsonWriter writer, JsonElement item, string[] dropped)
    {
        writer.WriteStartObject();
        foreach (var property in item.EnumerateObject())
        {
            if (!dropped.Contains(property.Name)) property.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    private static void WriteItems(Utf8JsonWriter writer, JsonProperty array, Action<Utf8JsonWriter, JsonElement> write)
    {
        if (array.Value.ValueKind != JsonValueKind.Array)
        {
            array.WriteTo(writer);
            return;
        }
        writer.WriteStartArray(array.Name);
        foreach (var item in array.Value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object) write(writer, item);
            else item.WriteTo(writer);
        }
        writer.WriteEndArray();
    }

    private static void Write(Stream output, Action<Utf8JsonWriter> write)
    {
        using (var writer = new Utf8JsonWriter(output, Options)) write(writer);
        output.Write("\n"u8);
    }
}
