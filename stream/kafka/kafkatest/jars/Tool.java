import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own client, as java.go runs it: {@code Tool MODE TOPIC ARGUMENTS… key=value…}, where the
 * last are the client's settings.
 *
 * <ul>
 *   <li>{@code produce}: does what the JSON lines of the standard input say.
 *   <li>{@code consume}: prints a topic's records, from its start to what is its end now.
 *   <li>{@code bench-produce RECORDS SIZE}, {@code bench-consume RECORDS}: a round for each line of
 *       input, which is answered by what it cost.
 * </ul>
 */
public class Tool {
    /** How long nothing may come before we give up. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final ObjectMapper JSON =
            new ObjectMapper().configure(JsonGenerator.Feature.AUTO_CLOSE_TARGET, false);

    private final String topic;
    private final List<String> arguments = new ArrayList<>();
    private final Properties settings = new Properties();
    private final BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final PrintWriter out =
            new PrintWriter(new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8)));

    private Tool(String[] args) {
        topic = args[1];
        for (int i = 2; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            if (equals < 0) {
                arguments.add(args[i]);
            } else {
                settings.setProperty(args[i].substring(0, equals), args[i].substring(equals + 1));
            }
        }
        settings.putIfAbsent("key.serializer", ByteArraySerializer.class.getName());
        settings.putIfAbsent("value.serializer", ByteArraySerializer.class.getName());
        settings.putIfAbsent("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.putIfAbsent("value.deserializer", ByteArrayDeserializer.class.getName());
    }

    public static void main(String[] args) throws Exception {
        Tool tool = new Tool(args);
        switch (args[0]) {
            case "produce" -> tool.produce();
            case "consume" -> tool.consume();
            case "bench-produce" -> tool.benchProduce();
            case "bench-consume" -> tool.benchConsume();
            default -> throw new IllegalArgumentException("no mode " + args[0]);
        }
        tool.out.flush();
    }

    private void produce() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            if (settings.containsKey("transactional.id")) {
                producer.initTransactions();
            }
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode step = JSON.readTree(line);
                switch (step.path("do").asText()) {
                    case "" -> sent.add(producer.send(record(step)));
                    case "begin" -> producer.beginTransaction();
                    case "commit" -> producer.commitTransaction();
                    case "abort" -> {
                        producer.flush(); // or what isn't on its way is never written
                        producer.abortTransaction();
                    }
                    case "flush" -> producer.flush(); // which ends the batches
                    default -> throw new IllegalArgumentException("no step " + line);
                }
            }
            producer.flush();
            for (Future<RecordMetadata> f : sent) {
                f.get();
            }
        }
    }

    private ProducerRecord<byte[], byte[]> record(JsonNode r) throws IOException {
        int partition = r.path("partition").asInt();
        List<Header> headers = new ArrayList<>();
        for (JsonNode h : r.path("headers")) {
            headers.add(new RecordHeader(h.path("key").asText(), bytes(h.path("value"))));
        }
        return new ProducerRecord<>(topic, partition < 0 ? null : partition, r.path("time").asLong(),
                bytes(r.path("key")), bytes(r.path("value")), headers);
    }

    private static byte[] bytes(JsonNode node) throws IOException {
        return node.isNull() || node.isMissingNode() ? null : node.binaryValue();
    }

    private void consume() throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            List<TopicPartition> partitions = assign(consumer);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            for (TopicPartition p : partitions) {
                while (consumer.position(p) < ends.get(p)) {
                    for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(100))) {
                        deadline = System.nanoTime() + PATIENCE.toNanos();
                        print(r);
                    }
                    if (System.nanoTime() > deadline) {
                        throw new IllegalStateException(p + " stays at " + consumer.position(p) + " of " + ends.get(p));
                    }
                }
            }
        }
    }

    /** Every partition from its start, which isn't looked up here. */
    private List<TopicPartition> assign(KafkaConsumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo p : consumer.partitionsFor(topic)) {
            partitions.add(new TopicPartition(topic, p.partition()));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return partitions;
    }

    private void print(ConsumerRecord<byte[], byte[]> r) throws IOException {
        ObjectNode node = JSON.createObjectNode();
        node.put("partition", r.partition());
        node.put("offset", r.offset());
        node.put("time", r.timestamp());
        node.put("key", r.key());
        node.put("value", r.value());
        ArrayNode headers = node.putArray("headers");
        for (Header h : r.headers()) {
            headers.addObject().put("key", h.key()).put("value", h.value());
        }
        out.println(JSON.writeValueAsString(node));
    }

    private void benchProduce() throws Exception {
        int records = Integer.parseInt(arguments.get(0));
        byte[] value = new byte[Integer.parseInt(arguments.get(1))];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            int partitions = producer.partitionsFor(topic).size();
            rounds(records, () -> {
                AtomicReference<Exception> failed = new AtomicReference<>();
                Callback done = (metadata, e) -> failed.compareAndSet(null, e);
                for (int i = 0; i < records; i++) {
                    producer.send(new ProducerRecord<>(topic, i % partitions, null, value), done);
                }
                producer.flush();
                if (failed.get() != null) {
                    throw new IllegalStateException(failed.get());
                }
            });
        }
    }

    private void benchConsume() throws Exception {
        int records = Integer.parseInt(arguments.get(0));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            rounds(records, () -> {
                assign(consumer);
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                for (long n = 0, bytes = 0; n < records; ) {
                    for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(100))) {
                        n++;
                        bytes += r.value() == null ? 0 : r.value().length;
                        deadline = System.nanoTime() + PATIENCE.toNanos();
                    }
                    if (System.nanoTime() > deadline) {
                        throw new IllegalStateException("only " + n + " records, " + bytes + " bytes");
                    }
                }
                consumer.unsubscribe();
            });
        }
    }

    private void rounds(int records, Runnable round) throws IOException {
        var process = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        while (in.readLine() != null) {
            long wall = System.nanoTime();
            long cpu = process.getProcessCpuTime();
            round.run();
            cpu = process.getProcessCpuTime() - cpu;
            wall = System.nanoTime() - wall;
            ObjectNode node = JSON.createObjectNode();
            node.put("cpu", (double) cpu / records);
            node.put("wall", (double) wall / records);
            out.println(JSON.writeValueAsString(node));
            out.flush();
        }
    }
}
