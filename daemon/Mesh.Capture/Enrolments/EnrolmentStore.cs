using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Capture.Native;
using Mesh.NodeSocket;

namespace Mesh.Capture.Enrolments;

/// <summary>The durable record of what is enrolled: one file per workload, NAMESPACE~NAME.json, mode 0600, replaced atomically. A daemon that starts again
/// serves the same workloads without anybody enrolling them anew.</summary>
internal sealed class EnrolmentStore
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string folder;
    private readonly string bootId;

    /// <param name="bootId">The kernel's; namespaces and their inodes do not outlive a boot.</param>
    internal EnrolmentStore(string stateDirectory, string bootId)
    {
        (folder, this.bootId) = (Path.Combine(stateDirectory, "enrolments"), bootId);
        Directory.CreateDirectory(folder, FileMode | UnixFileMode.UserExecute);
    }

    internal static string CurrentBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Returns once it is on disk.</summary>
    /// <exception cref="IOException">Disk full, read only, or no permission.</exception>
    internal void Save(Enrolment enrolment)
    {
        string path = PathOf(enrolment.Uid);
        string temporary = path + ".tmp";
        var options = new FileStreamOptions { Mode = System.IO.FileMode.Create, Access = FileAccess.Write, UnixCreateMode = FileMode };
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, new EnrolmentRecord(bootId, enrolment), EnrolmentJson.Default.EnrolmentRecord);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        FlushFolder();
    }

    internal void Delete(string uid) => File.Delete(PathOf(uid));

    /// <summary>Every record that can be read. Those of an earlier boot are removed: their namespaces are gone.</summary>
    /// <param name="unreadable">Called with path and reason; the file stays.</param>
    internal IReadOnlyList<Enrolment> Load(Action<string, string> unreadable)
    {
        var enrolments = new List<Enrolment>();
        foreach (string path in Directory.EnumerateFiles(folder, "*.json"))
        {
            try
            {
                var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), EnrolmentJson.Default.EnrolmentRecord);
                if (record is null || PathOf(record.Enrolment.Uid) != path) unreadable(path, "its content does not belong to its name");
                else if (record.BootId == bootId) enrolments.Add(record.Enrolment);
                else File.Delete(path);
            }
            catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
            {
                unreadable(path, error.Message);
            }
        }
        return enrolments;
    }

    private void FlushFolder()
    {
        int fd = LibC.Open(folder, LibC.OCloExec);
        bool isFlushed = fd >= 0 && LibC.Fsync(fd) == 0;
        int errno = Marshal.GetLastPInvokeError();
        if (fd >= 0) _ = LibC.Close(fd);
        if (!isFlushed) throw new IOException($"{folder} cannot be flushed to disk: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    /// <summary>'~' is in no namespace's and no workload's name.</summary>
    private string PathOf(string uid) => Path.Combine(folder, uid.Replace('/', '~') + ".json");
}

internal sealed record EnrolmentRecord(string BootId, Enrolment Enrolment);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, MaxDepth = 8,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(NetworkConverter)])]
[JsonSerializable(typeof(EnrolmentRecord))]
internal sealed partial class EnrolmentJson : JsonSerializerContext;
